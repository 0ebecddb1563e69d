-- Buyers with something to pay for between two instants, and no card for it: none on file, or one that was declined. What
-- ends by then, with its period or because its account moves, is not paid for; what goes on as another plan costs that one's.
select s.tenant_id, s.account_id, s.due_at, sum(coalesce(n.price_minor, s.recurring_minor))::bigint as amount_minor,
       s.currency, a.zone, array_agg(distinct coalesce(n.name, v.name, s.kind)) as plans, m.method_id, m.paused_reason
from subscription s
join account a on a.tenant_id = s.tenant_id and a.account_id = s.account_id and a.state = 'open'
left join package_version v on v.package_id = s.package_id and v.version = s.package_version
left join package_version n on n.package_id = s.next_package_id and n.version = s.next_package_version
join account o on o.tenant_id = s.tenant_id and o.account_id = s.seller_id
left join lateral card_to_charge_v1(s.tenant_id, s.account_id, o.merchant_ref, $1, false) m on true
where s.state = 'active' and s.due_at > $1 and s.due_at < $2 and s.period_ends_at <= s.due_at and s.recurring_minor > 0
  and not s.ends_at_period_end and s.due_at < coalesce(a.moves_at, 'infinity')
  and (m.method_id is null or m.paused_reason is not null)
group by s.tenant_id, s.account_id, s.due_at, s.currency, a.zone, m.method_id, m.paused_reason
order by s.tenant_id, s.account_id, s.due_at;
