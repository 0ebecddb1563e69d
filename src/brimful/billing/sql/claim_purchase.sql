-- A lease in real time with a fencing token; the holder renews it with the token it has.
update purchase set lease_until = $4, fence = case when fence = $5 then fence else fence + 1 end
where tenant_id = $1 and purchase_id = $2
  and state in ('planned', 'created', 'capturing', 'canceling')
  and (lease_until <= $3 or fence = $5)
returning fence;
