
(
targets

1.0.0"targets
app