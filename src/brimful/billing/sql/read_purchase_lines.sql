select l.line, l.kind, l.package_id, l.package_version, l.quantity, l.credits, l.chatbots, l.amount_minor,
       l.recurring_minor, l.joins_anchor_at, l.joins_starts_at, l.joins_ends_at, l.joins_interval, v.name, v.billing_interval, v.expires_after_days, v.credits_price_minor, v.chatbots_price_minor
from purchase_line l
left join package_version v on v.package_id = l.package_id and v.version = l.package_version
where l.tenant_id = $1 and l.purchase_id = $2
order by l.line;
