module kasmcloud.io/bench/load

go 1.25.0
