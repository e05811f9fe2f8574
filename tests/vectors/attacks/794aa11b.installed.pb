
N
targetsC

1.0.0"targets-
app$ á'Ž„ iÖ¾ý¯Z€;’¦õ“	(›+ú×ä\£C+