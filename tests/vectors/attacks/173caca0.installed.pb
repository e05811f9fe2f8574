
N
targetsC

1.0.0"targets-
app$ Ë kW6úö~T°{V®”9^wLQz}‘
T6cÌûÔ