-- In which zone the days and months of an account's caps are (R28).
select zone from account where tenant_id = $1 and account_id = $2;
