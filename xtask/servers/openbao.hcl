# A server alone needs no port for a cluster. It would be the next one, which may not be free.
disable_clustering = true
