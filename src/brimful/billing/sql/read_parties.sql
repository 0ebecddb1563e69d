-- Whose pools purchases are about: to be locked before the purchases are.
select distinct unnest(array[buyer_id, seller_id]) as account_id
from purchase
where tenant_id = $1 and purchase_id = any ($2::uuid[]);
