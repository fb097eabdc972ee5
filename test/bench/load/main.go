// Load keeps a number of HTTP/1.1 connections busy for a while, each with one request at a time, and prints what came of it as JSON.
//
//	load [-connections 32] [-seconds 5] [-fresh] http://ADDRESS/PATH
//
// It parses no more of a response than it must, so that it takes a small part of the processor time that it makes others spend.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"sort"
	"strconv"
	"sync"
	"time"
)

// What one connection, or all of them, saw.
type seen struct {
	latencies []time.Duration
	failed    int
	firstErr  error
}

func main() {
	connections := flag.Int("connections", 32, "how many at once")
	seconds := flag.Float64("seconds", 5, "how long")
	fresh := flag.Bool("fresh", false, "a new connection for each request")
	flag.Parse()
	target, err := url.Parse(flag.Arg(0))
	if err != nil || target.Host == "" {
		fmt.Fprintln(os.Stderr, "usage: load [-connections N] [-seconds S] [-fresh] http://ADDRESS/PATH")
		os.Exit(2)
	}
	request := []byte("GET " + target.RequestURI() + " HTTP/1.1\r\nHost: " + target.Host + "\r\n\r\n")

	results := make([]seen, *connections)
	start := time.Now()
	end := start.Add(time.Duration(*seconds * float64(time.Second)))
	var running sync.WaitGroup
	for i := range results {
		running.Add(1)
		go func() {
			defer running.Done()
			results[i].run(target.Host, request, end, *fresh)
		}()
	}
	running.Wait()
	report(results, time.Since(start))
}

// run sends requests until the end. A connection that the server closes after a whole response is simply replaced.
func (s *seen) run(address string, request []byte, end time.Time, fresh bool) {
	var conn net.Conn
	var reader *bufio.Reader
	for time.Now().Before(end) {
		from := time.Now()
		var err error
		if conn == nil {
			if conn, err = net.DialTimeout("tcp", address, 5*time.Second); err == nil {
				reader = bufio.NewReader(conn)
			}
		}
		closes := false
		if err == nil {
			conn.SetDeadline(from.Add(30 * time.Second))
			if _, err = conn.Write(request); err == nil {
				closes, err = response(reader)
			}
		}
		if err != nil {
			s.failed++
			if s.firstErr == nil {
				s.firstErr = err
			}
			time.Sleep(time.Millisecond)
		} else {
			s.latencies = append(s.latencies, time.Since(from))
		}
		if conn != nil && (err != nil || closes || fresh) {
			conn.Close()
			conn = nil
		}
	}
}

var (
	contentLength = []byte("content-length:")
	chunkedCoding = []byte("transfer-encoding: chunked")
	closeOption   = []byte("connection: close")
)

// response reads one, and tells whether the server closes the connection after it.
func response(reader *bufio.Reader) (closes bool, err error) {
	status, err := reader.ReadSlice('\n')
	if err != nil {
		return false, err
	}
	ok := bytes.HasPrefix(status, []byte("HTTP/1.1 200 "))
	refusal := fmt.Errorf("answered %q", bytes.TrimSpace(status))
	length, chunked := 0, false
	for {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			return false, err
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			break
		}
		line = bytes.ToLower(line)
		if bytes.HasPrefix(line, contentLength) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(line[len(contentLength):]))); err != nil {
				return false, err
			}
		}
		chunked = chunked || bytes.Equal(line, chunkedCoding)
		closes = closes || bytes.Equal(line, closeOption)
	}
	if chunked {
		err = chunks(reader)
	} else {
		_, err = reader.Discard(length)
	}
	if err == nil && !ok {
		err = refusal
	}
	return closes, err
}

func chunks(reader *bufio.Reader) error {
	for {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 64)
		if err != nil {
			return err
		}
		if _, err = io.CopyN(io.Discard, reader, size+2); err != nil || size == 0 {
			return err
		}
	}
}

func report(results []seen, took time.Duration) {
	var all seen
	for _, one := range results {
		all.latencies = append(all.latencies, one.latencies...)
		all.failed += one.failed
		if all.firstErr == nil {
			all.firstErr = one.firstErr
		}
	}
	sort.Slice(all.latencies, func(a, b int) bool { return all.latencies[a] < all.latencies[b] })
	at := func(share float64) float64 {
		if len(all.latencies) == 0 {
			return 0
		}
		return float64(all.latencies[int(share*float64(len(all.latencies)-1))].Microseconds())
	}
	message := ""
	if all.firstErr != nil {
		message = all.firstErr.Error()
	}
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"requests": len(all.latencies),
		"failed":   all.failed,
		"error":    message,
		"seconds":  took.Seconds(),
		"p50us":    at(0.5),
		"p99us":    at(0.99),
	})
}
