select enabled, per_charge_minor, per_hour_count, per_day_minor, per_month_minor, strategy, allowed_packages, buys_chatbots, release_chatbots,
       brake_charges, brake_factor
from auto_billing_setting
where tenant_id = $1 and account_id = $2;
