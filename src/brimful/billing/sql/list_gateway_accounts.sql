select gateway_account from charge where gateway = $1
union
select $2::text
order by gateway_account;
