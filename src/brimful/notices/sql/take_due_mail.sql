-- Taken by moving their time on: whoever dies with them leaves them due again. To take one is no try.
update mail m set due_real_at = $2
from (
    select tenant_id, notice_id, due_real_at from mail where state = 'due' and due_real_at <= $1
    order by due_real_at limit $3 for update skip locked
) due
join notice n on n.tenant_id = due.tenant_id and n.notice_id = due.notice_id
join account b on b.tenant_id = n.tenant_id and b.account_id = n.brand_id
where m.tenant_id = due.tenant_id and m.notice_id = due.notice_id
returning m.tenant_id, m.notice_id, m.tries, due.due_real_at as was_due_at, m.due_real_at as taken_until, n.recipient,
          n.title, n.body, b.name as brand;
