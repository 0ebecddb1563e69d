-- Of one account, locked against each other's changes.
select endpoint_id, url from webhook_endpoint where account_id = $1 and deleted_at is null order by endpoint_id for update;
