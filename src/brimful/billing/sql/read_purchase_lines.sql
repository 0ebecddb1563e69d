select l.line, l.kind, l.package_id, l.quantity, l.credits, l.chatbots, l.amount_minor, v.name
from purchase_line l
left join package_version v on v.package_id = l.package_id and v.version = l.package_version
where l.tenant_id = $1 and l.purchase_id = $2
order by l.line;
