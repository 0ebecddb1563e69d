-- What an account has left in its lots, and who sold it.
select l.lot_id, l.free, t.seller_id from lot l
join transfer t on t.tenant_id = l.tenant_id and t.transfer_id = l.transfer_id
where l.tenant_id = $1 and l.account_id = $2 and l.free > 0
order by l.lot_id;
