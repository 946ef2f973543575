package main

import (
	"os"
	"reflect"
	"time"
	"unsafe"

	"github.com/lucas-clemente/quic-go"
)

// What there is no public way to. The names are those of quic-go 0.29.

// A gate stands between the application's calls and the connection's goroutine: a call wakes it by a word into
// `connection.sendingScheduled`, and it would then send before it looks at what lies in the socket. While the gate is
// shut, the word goes into a channel that nobody waits at.
type gate struct {
	scheduled *chan struct{}
	// Where the connection's goroutine waits.
	waiting chan struct{}
}

func newGate(connection quic.Connection) *gate {
	field := reflect.ValueOf(connection).Elem().FieldByName("sendingScheduled")
	g := &gate{scheduled: (*chan struct{})(unsafe.Pointer(field.UnsafeAddr()))}
	g.shut()
	return g
}

// ungated says that there is no gate: a call wakes the connection at once. Tours need the gate, no published trace does.
var ungated = os.Getenv("STREAMPROOF_QUIC_GO_UNGATED") != ""

// shut is called when all is quiet.
func (g *gate) shut() {
	g.waiting = *g.scheduled
	if !ungated {
		*g.scheduled = make(chan struct{}, cap(g.waiting))
	}
}

// open wakes the connection's goroutine, if nothing else has.
func (g *gate) open() {
	select {
	case g.waiting <- struct{}{}:
	default:
	}
}

// A pacer is what quic-go asks when it may send. It counts bytes against time, which stands still here; nothing is
// counted yet as long as nothing was ever sent.
type pacer struct {
	lastSent *time.Time
}

func newPacer(connection quic.Connection) pacer {
	handler := reflect.ValueOf(connection).Elem().FieldByName("sentPacketHandler").Elem().Elem()
	pacing := handler.FieldByName("congestion").Elem().Elem().FieldByName("pacer").Elem()
	return pacer{(*time.Time)(unsafe.Pointer(pacing.FieldByName("lastSentTime").UnsafeAddr()))}
}

// rewind forgets what was counted.
func (p pacer) rewind() {
	*p.lastSent = time.Time{}
}

// A detector is what in quic-go finds out what was lost. It does so when an acknowledgement names a packet that
// wanted one, and otherwise not before its timer; but what is lost is said here by acknowledging plain ACKs, because
// nothing else may arrive.
type detector struct {
	alarm, lossTime *time.Time
}

func newDetector(connection quic.Connection) detector {
	handler := reflect.ValueOf(connection).Elem().FieldByName("sentPacketHandler").Elem().Elem()
	at := func(field reflect.Value) *time.Time { return (*time.Time)(unsafe.Pointer(field.UnsafeAddr())) }
	return detector{
		alarm:    at(handler.FieldByName("alarm")),
		lossTime: at(handler.FieldByName("appDataPackets").Elem().FieldByName("lossTime")),
	}
}

// ring lets the timer come now: by quic-go's own rules it then says what is lost, and sets it anew.
func (d detector) ring() {
	*d.alarm = time.Unix(0, now-1)
	*d.lossTime = *d.alarm
}

// has says whether a read would give bytes or the end of the stream. quic-go's own read waits if there is nothing,
// and while it waits the connection runs.
func has(stream quic.ReceiveStream) bool {
	receiving := reflect.ValueOf(stream).Elem()
	if part := receiving.FieldByName("receiveStream"); part.IsValid() {
		receiving = part
	}
	if receiving.FieldByName("currentFrame").Len() > int(receiving.FieldByName("readPosInFrame").Int()) {
		return true
	}
	sorter := receiving.FieldByName("frameQueue").Elem()
	next := sorter.FieldByName("readPos")
	return sorter.FieldByName("queue").MapIndex(next).IsValid() ||
		next.Int() >= receiving.FieldByName("finalOffset").Int()
}
