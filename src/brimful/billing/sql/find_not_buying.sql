-- Of some accounts those that do not buy by themselves, because nobody switched that on or they are closed, and what is on
-- offer to them; but not where a renewal of theirs or above them is due or under way ($3: by when), which may bring credits.
select a.account_id,
       (select jsonb_agg(to_jsonb(v) order by v.place) from sellers_above_v1(a.tenant_id, a.account_id) v) as sellers_above
from unnest($1::uuid[], $2::uuid[]) n (tenant_id, account_id)
join account a on a.tenant_id = n.tenant_id and a.account_id = n.account_id
left join auto_billing_setting s on s.tenant_id = a.tenant_id and s.account_id = a.account_id
where not (coalesce(s.enabled, false) and a.state = 'open')
  and not exists (select from renewing_above_v1(a.tenant_id, a.account_id, $3));
