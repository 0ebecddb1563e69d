-- Taken by moving their time on by half a minute: whoever dies with them leaves them due again.
update mail m set tries = m.tries + 1, due_real_at = $1::timestamptz + interval '30 s'
from (
    select tenant_id, notice_id from mail where state = 'due' and due_real_at <= $1
    order by due_real_at limit $2 for update skip locked
) due
join notice n on n.tenant_id = due.tenant_id and n.notice_id = due.notice_id
join account b on b.tenant_id = n.tenant_id and b.account_id = n.brand_id
where m.tenant_id = due.tenant_id and m.notice_id = due.notice_id
returning m.tenant_id, m.notice_id, m.tries, n.recipient, n.title, n.body, b.name as brand, n.created_at;
