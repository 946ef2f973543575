package main

import (
	"time"
	_ "unsafe" // for go:linkname
)

// now is the clock of the Go runtime, in nanoseconds. With `-tags faketime` it is a plain number, which moves only
// when every goroutine waits, to the next timer.
//
//go:linkname now runtime.faketime
var now int64

// quiet lets every other goroutine run until all of them wait. No timer of the stack's is so near that it fires.
func quiet() {
	time.Sleep(1)
}

// later lets so much time pass, and all happen that happens in it.
func later(duration time.Duration) {
	time.Sleep(duration)
}
