-- Buyers with something to pay for between two instants, and no card for it: none on file, or one that was declined.
select s.tenant_id, s.account_id, s.due_at, sum(s.recurring_minor)::bigint as amount_minor, s.currency, a.zone,
       array_agg(distinct coalesce(v.name, s.kind)) as plans, m.method_id, b.paused_reason
from subscription s
join account a on a.tenant_id = s.tenant_id and a.account_id = s.account_id and a.state = 'open'
left join package_version v on v.package_id = s.package_id and v.version = s.package_version
left join payment_method m on m.tenant_id = s.tenant_id and m.account_id = s.account_id and m.removed_at is null and m.off_session
left join breaker b on b.tenant_id = s.tenant_id and b.gateway_account = m.gateway_account and b.fingerprint = m.fingerprint
where s.state = 'active' and s.due_at > $1 and s.due_at < $2 and s.period_ends_at <= s.due_at and s.recurring_minor > 0
  and (m.method_id is null or b.paused_reason is not null)
group by s.tenant_id, s.account_id, s.due_at, s.currency, a.zone, m.method_id, b.paused_reason
order by s.tenant_id, s.account_id, s.due_at;
