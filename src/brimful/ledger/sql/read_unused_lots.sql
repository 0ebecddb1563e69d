-- What an account has left in its lots, and who sold it; of lots of which refunds or disputes lack credits these come first.
select l.lot_id, l.free, t.seller_id from lot l
join transfer t on t.tenant_id = l.tenant_id and t.transfer_id = l.transfer_id
where l.tenant_id = $1 and l.account_id = $2 and l.free > 0
  and not exists (
      select 1 from lacking_reversal r where r.tenant_id = l.tenant_id and r.lot_id = l.lot_id)
order by l.lot_id;
