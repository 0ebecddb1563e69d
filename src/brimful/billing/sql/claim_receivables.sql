update receivable r set collected_by = $3
from account a
where a.tenant_id = $1 and a.account_id = $2 and r.tenant_id = $1 and r.account_id = $2 and r.seller_id = a.parent_id
  and r.collected_by is null;
