// Empty: it lets the functions of sarama.go have no body.
