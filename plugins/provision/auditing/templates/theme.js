// Follows the light or dark look chosen in Airflow, which keeps it in this browser; otherwise the system's own.
"use strict";
try {
  const chosen = localStorage.getItem("theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
} catch {
  // No storage: the system's look it is.
}
