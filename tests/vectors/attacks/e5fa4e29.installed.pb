
N
targetsC

1.0.0"targets-
app$ â‰ Y6Ãý¶X"8’Ç¨¾æÿMú^¡À”Î”ã!