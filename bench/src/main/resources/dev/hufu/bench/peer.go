// What a Go developer writes with os/exec: run one command, many, or hold many, and print what there is to tell as JSON.
package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func run(argv []string, stdin []byte, timeout time.Duration) (string, []byte) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	command := exec.CommandContext(ctx, argv[0], argv[1:]...)
	var stdout, stderr bytes.Buffer
	command.Stdout = &stdout
	command.Stderr = &stderr
	if len(stdin) > 0 {
		command.Stdin = bytes.NewReader(stdin)
	}
	err := command.Run()
	if ctx.Err() != nil {
		return "timeout", stdout.Bytes()
	}
	if command.ProcessState == nil {
		return "not started: " + err.Error(), nil
	}
	status := command.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return fmt.Sprintf("signal %d", status.Signal()), stdout.Bytes()
	}
	return fmt.Sprintf("exit %d", status.ExitStatus()), stdout.Bytes()
}

func threads() int {
	entries, _ := os.ReadDir("/proc/self/task")
	return len(entries)
}

func print(value any) {
	json.NewEncoder(os.Stdout).Encode(value)
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return value
}

// rate CONCURRENCY COUNT ARGV...
func rate(concurrency int, count int, argv []string) {
	micros := make([]float64, count)
	var next atomic.Int64
	var all sync.WaitGroup
	start := time.Now()
	for i := 0; i < concurrency; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for each := int(next.Add(1)) - 1; each < count; each = int(next.Add(1)) - 1 {
				begin := time.Now()
				if end, _ := run(argv, nil, time.Hour); end != "exit 0" {
					panic(end)
				}
				micros[each] = float64(time.Since(begin).Nanoseconds()) / 1e3
			}
		}()
	}
	all.Wait()
	seconds := time.Since(start).Seconds()
	sort.Float64s(micros)
	at := func(fraction float64) float64 {
		index := int(float64(count)*fraction + 0.5)
		if index >= count {
			index = count - 1
		}
		return micros[index]
	}
	print(map[string]float64{"perSecond": float64(count) / seconds, "p50Micros": at(0.5), "p99Micros": at(0.99)})
}

// hold COUNT ARGV...: says when told to by a line of input how many threads there are more than before, ends when all have ended.
func hold(count int, argv []string) {
	run([]string{"/bin/true"}, nil, time.Hour)
	before := threads()
	var all sync.WaitGroup
	for i := 0; i < count; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			run(argv, nil, time.Hour)
		}()
	}
	os.Stdin.Read(make([]byte, 1))
	print(threads() - before)
	all.Wait()
}

func main() {
	switch os.Args[1] {
	case "rate":
		rate(number(os.Args[2]), number(os.Args[3]), os.Args[4:])
	case "hold":
		hold(number(os.Args[2]), os.Args[3:])
	case "one":
		stdin, err := io.ReadAll(os.Stdin)
		if err != nil {
			panic(err)
		}
		end, stdout := run(os.Args[3:], stdin, time.Duration(number(os.Args[2]))*time.Millisecond)
		beginning := stdout
		if len(beginning) > 65536 {
			beginning = beginning[:65536]
		}
		print(map[string]any{"end": end, "stdout": base64.StdEncoding.EncodeToString(beginning), "kept": len(stdout)})
	}
}
