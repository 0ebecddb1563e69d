-- Whether the card in use in the page's role came there since the page was made.
select exists (
    select 1 from card_page p
    join payment_method m on m.tenant_id = p.tenant_id and m.account_id = p.account_id and m.removed_at is null
                         and m.role = p.role and m.created_at > p.at
    where p.tenant_id = $1 and p.account_id = $2 and p.page_id = $3
);
