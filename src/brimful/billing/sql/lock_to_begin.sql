-- Purchases whose payments were created, locked as by lock_purchases_v1, each with what its card did lately, as by read_cards_v1,
-- if its attempt is to begin now. Either function reads when its locks are had; the first has ended before the second begins.
with locked as materialized (
    select * from lock_purchases_v1($1, $2::uuid[])
), card as (
    select distinct gateway_account, fingerprint from locked where state = 'planned'
), looked as materialized (
    select k.* from (select array_agg(gateway_account) as accounts, array_agg(fingerprint) as fingerprints from card) c
    cross join lateral read_cards_v1($1, c.accounts, c.fingerprints, $3) k
)
select l.*, k.under_way is not null as begins, k.soft_declines, k.first_declined_at, k.retry_at, k.paused_reason, k.attempts, k.under_way
from locked l
left join looked k on l.state = 'planned' and k.gateway_account = l.gateway_account and k.fingerprint = l.fingerprint
order by l.purchase_id;
