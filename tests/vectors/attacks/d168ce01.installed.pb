
Œ
targets€

1.0.0ÿÿÿÿ"targets-
app$ /)?gª3òÎ${(Öû/ï&#ÏŞs–³×øJçN+İ7
user_manifestk$ g(2„„.	.	S2÷q}´Ù‹´½E?]i!­®×°³â{hk{"schema": "software_update.release.v1", "product": "thermostat", "version": "1.2.3", "release_counter": 5}ˆ’ *ÉpxXİ¬’Mdy¿ÎÀ
æüÍªR+*DP