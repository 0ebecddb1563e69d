-- Taken by moving its time on, later and later: whoever dies with it leaves it due again. The last pause ($4) goes on.
update gateway_disconnection d
set tries = d.tries + 1, ask_real_at = $3 + ($4::interval[])[least(d.tries + 2, cardinality($4::interval[]))]
from account a
where d.tenant_id = $1 and d.account_id = $2 and d.ask_real_at <= $3
  and a.tenant_id = d.tenant_id and a.account_id = d.account_id
returning a.merchant_ref;
