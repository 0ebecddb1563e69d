select distinct gateway_account from charge where gateway = $1 order by gateway_account;
