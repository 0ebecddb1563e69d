-- An account, with all below it, has its place below another seller from now on.
update account a set
    parent_id = case a.account_id when $2 then $3 else a.parent_id end,
    ancestors = n.ancestors || a.ancestors[array_position(a.ancestors, $2) :],
    moves_to = case a.account_id when $2 then null else a.moves_to end,
    moves_at = case a.account_id when $2 then null else a.moves_at end,
    moves_by = case a.account_id when $2 then null else a.moves_by end
from account n
where n.tenant_id = $1 and n.account_id = $3 and a.tenant_id = $1 and $2 = any (a.ancestors);
