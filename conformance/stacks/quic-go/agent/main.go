// quic-go under test: one connection at a time, driven line by line.
//
// What comes on stdin and goes to stdout is described in specs/agent.md; the datagrams go over a UDP socket on
// loopback. Nothing happens between two commands, and no time passes: there is one processor for all goroutines, this
// one keeps it while it waits for a command, and the clock is a fake one (`-tags faketime`).
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
)

// version is that of quic-go, put in by whoever builds.
var version = ""

func main() {
	if now == 0 {
		fmt.Fprintln(os.Stderr, "quic-go's agent wants to be built with -tags faketime")
		os.Exit(1)
	}
	runtime.GOMAXPROCS(1)
	// Between two connections it is collected by hand.
	debug.SetGCPercent(-1)
	os.Setenv("QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING", "true")
	// Beside the fake clock goes a header in front of all that is written to stdout.
	out, err := syscall.Dup(1)
	if err != nil {
		os.Exit(1)
	}
	agent := &agent{}
	for lines := (lines{}); ; {
		line, more := lines.next()
		if !more {
			return
		}
		answer, err := json.Marshal(agent.do(line))
		if err != nil {
			os.Exit(1)
		}
		rawWrite(out, append(answer, '\n'))
	}
}

// lines of stdin.
type lines struct {
	read []byte
}

func (l *lines) next() ([]byte, bool) {
	buffer := make([]byte, largest)
	for {
		if end := bytes.IndexByte(l.read, '\n'); end >= 0 {
			line := l.read[:end]
			l.read = l.read[end+1:]
			return line, true
		}
		length := rawRead(0, buffer)
		if length <= 0 {
			return nil, false
		}
		l.read = append(l.read, buffer[:length]...)
	}
}
