"""Work in small pieces, on one machine or many, that survives a kill; it knows neither slices nor boards."""
