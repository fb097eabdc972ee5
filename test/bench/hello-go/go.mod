module kasmcloud.io/bench/hello

go 1.25.0
