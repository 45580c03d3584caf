"""Pure rules: a table and a profile in, a table and a report out. Knows neither Airflow nor files nor recipients."""
