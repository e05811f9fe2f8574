
P
targetsE

1.0.0"targets/
extra$ -qB·&°Db|©û¬2õÈS±<ÄÛ%‡’H