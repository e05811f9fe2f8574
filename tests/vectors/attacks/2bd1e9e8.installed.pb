
¸
targets¬

1.0.0"targets-
app$ â‰ Y6Ãý¶X"8’Ç¨¾æÿMú^¡À”Î”ã!.
boot
$ ;Jˆó<ÿ–Š$×Å7#¨#,Þš‘âŸÛÖ©Zæ­ð7
user_manifestk$ g(2„„.	.	S2÷q}´Ù‹´½E?]i!­®×°³â{hk{"schema": "software_update.release.v1", "product": "thermostat", "version": "1.2.3", "release_counter": 5}