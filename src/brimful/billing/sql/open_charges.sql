insert into charge (tenant_id, created_at, charge_id, purchase_id, account_id, gateway, gateway_account, gateway_customer,
                    gateway_method, fingerprint, card, amount_minor, currency, capture, state)
select $1, $2, t.*, 'open'
from unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
            $12::bigint[], $13::text[], $14::text[]) as t;
