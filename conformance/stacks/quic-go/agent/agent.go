package main

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/lucas-clemente/quic-go"
)

const (
	// How long each of the handshake's exchanges takes. A round trip is so long that what time passes later for the
	// sake of an acknowledgement makes nothing lost, and shorter than any probe timeout.
	exchange = 100 * time.Millisecond
	// An acknowledgement that is put off comes after 25 ms.
	patience = 26 * time.Millisecond
	// What a closed connection leaves behind is gone after 5 s.
	oblivion = 10 * time.Second
	// A write of so many bytes is taken whole.
	small = 1000
	// After so many connections memory is collected.
	generation = 32
)

type command struct {
	Do          string
	Side        string
	Peer        int
	Certificate string
	Key         string
	Parameters  struct {
		MaxData        uint64 `json:"max_data"`
		MaxStreamData  uint64 `json:"max_stream_data"`
		MaxStreamsBidi int64  `json:"max_streams_bidi"`
		MaxStreamsUni  int64  `json:"max_streams_uni"`
	}
	ID        quic.StreamID
	Direction string
	Data      string
	Code      uint64
}

type answer map[string]any

var done, lost = answer{"done": true}, answer{"lost": true}

func closed(why string) answer { return answer{"closed": why} }

// An agent holds one connection.
type agent struct {
	pipe     *pipe
	listener quic.Listener
	gate     *gate
	pacer    pacer
	detector detector
	started  int

	// Other goroutines write these.
	mutex      sync.Mutex
	connection quic.Connection
	sending    map[quic.StreamID]quic.SendStream
	receiving  map[quic.StreamID]quic.ReceiveStream
	accepted   []quic.StreamID
}

func (a *agent) do(line []byte) answer {
	var c command
	if err := json.Unmarshal(line, &c); err != nil {
		return closed(err.Error())
	}
	if c.Do == "version" {
		return answer{"version": version}
	}
	if c.Do == "start" {
		a.forget()
		if err := a.start(&c); err != nil {
			return closed(err.Error())
		}
		return answer{"port": a.pipe.local.Port}
	}
	if a.pipe == nil {
		return closed("not started")
	}
	if c.Do == "settle" {
		return a.settle()
	}
	if a.gate == nil {
		return closed("not established")
	}
	return a.call(&c)
}

// call is one of the application's. Some of quic-go's calls have no answer; that the connection is lost its context
// says.
func (a *agent) call(c *command) answer {
	isLost := a.connection.Context().Err() != nil
	switch c.Do {
	case "open":
		return a.open(c.Direction)
	case "write":
		return a.write(c.ID, c.Data)
	case "finish":
		return a.finish(c.ID, isLost)
	case "reset":
		return a.reset(c.ID, c.Code, isLost)
	case "read":
		return a.read(c.ID)
	case "stop":
		stream, known := a.receiving[c.ID]
		if !known {
			return closed("no such stream")
		}
		stream.CancelRead(quic.StreamErrorCode(c.Code))
		if isLost {
			return lost
		}
		return done
	case "close":
		a.connection.CloseWithError(quic.ApplicationErrorCode(c.Code), "")
		return done
	}
	return closed("no such command")
}

// forget ends what was before. All its goroutines end, and its timers with them.
func (a *agent) forget() {
	if a.pipe == nil {
		return
	}
	a.pipe.silent = true
	if a.connection != nil {
		a.connection.CloseWithError(0, "")
	}
	if a.listener != nil {
		a.listener.Close()
	}
	a.pipe.Close()
	later(oblivion)
	a.pipe.end()
	*a = agent{started: a.started + 1}
	if a.started%generation == 0 {
		runtime.GC()
	}
}

func (a *agent) start(c *command) error {
	pipe, err := newPipe(c.Peer)
	if err != nil {
		return err
	}
	a.pipe = pipe
	beginAgain()
	a.sending, a.receiving = map[quic.StreamID]quic.SendStream{}, map[quic.StreamID]quic.ReceiveStream{}
	config := &quic.Config{
		Versions:                         []quic.VersionNumber{quic.Version1},
		InitialConnectionReceiveWindow:   c.Parameters.MaxData,
		MaxConnectionReceiveWindow:       c.Parameters.MaxData,
		InitialStreamReceiveWindow:       c.Parameters.MaxStreamData,
		MaxStreamReceiveWindow:           c.Parameters.MaxStreamData,
		MaxIncomingStreams:               orNone(c.Parameters.MaxStreamsBidi),
		MaxIncomingUniStreams:            orNone(c.Parameters.MaxStreamsUni),
		DisablePathMTUDiscovery:          true,
		DisableVersionNegotiationPackets: true,
	}
	security := &tls.Config{MinVersion: tls.VersionTLS13, NextProtos: []string{"streamproof"}}
	if c.Side == "client" {
		security.InsecureSkipVerify = true
		go func() {
			if connection, err := quic.Dial(pipe, pipe.remote, "localhost", security, config); err == nil {
				a.established(connection)
			}
		}()
		return nil
	}
	certificate, err := tls.LoadX509KeyPair(c.Certificate, c.Key)
	if err != nil {
		return err
	}
	security.Certificates = []tls.Certificate{certificate}
	security.SessionTicketsDisabled = true
	if a.listener, err = quic.Listen(pipe, security, config); err != nil {
		return err
	}
	listener := a.listener
	go func() {
		if connection, err := listener.Accept(context.Background()); err == nil {
			a.established(connection)
		}
	}()
	return nil
}

// orNone is the number of streams in quic-go's words, where 0 is a default.
func orNone(streams int64) int64 {
	if streams == 0 {
		return -1
	}
	return streams
}

func (a *agent) established(connection quic.Connection) {
	a.mutex.Lock()
	a.connection = connection
	a.mutex.Unlock()
	go func() {
		for {
			stream, err := connection.AcceptUniStream(context.Background())
			if err != nil {
				return
			}
			a.accept(stream, nil)
		}
	}()
	for {
		stream, err := connection.AcceptStream(context.Background())
		if err != nil {
			return
		}
		a.accept(stream, stream)
	}
}

func (a *agent) accept(receiving quic.ReceiveStream, sending quic.SendStream) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	id := receiving.StreamID()
	a.receiving[id] = receiving
	if sending != nil {
		a.sending[id] = sending
	}
	a.accepted = append(a.accepted, id)
}

// settle hands over what has arrived, and lets the stack do all that it wants. What calls have left to be sent is sent
// after what has arrived was handled, not before.
func (a *agent) settle() answer {
	still := now
	a.pipe.receive()
	quiet()
	if a.gate != nil {
		a.detector.ring()
		a.gate.open()
		quiet()
		later(patience)
		// As if no time had passed: however often this happens, nothing is lost because of it, and no probe is sent.
		now = still
		a.pacer.rewind()
		a.gate.shut()
	} else {
		later(exchange)
		if a.connection != nil {
			a.gate = newGate(a.connection)
			a.pacer, a.detector = newPacer(a.connection), newDetector(a.connection)
		}
	}
	resets := []answer{}
	for id, stream := range a.receiving {
		var reset *quic.StreamError
		// A read of nothing takes nothing, but tells of a reset.
		if _, err := stream.Read(nil); errors.As(err, &reset) {
			resets = append(resets, answer{"id": id, "code": reset.ErrorCode})
		}
	}
	accepted := append([]quic.StreamID{}, a.accepted...)
	a.accepted = nil
	return answer{"established": a.gate != nil, "accepted": accepted, "resets": resets}
}

func (a *agent) open(direction string) answer {
	var sending quic.SendStream
	var err error
	if direction == "unidirectional" {
		sending, err = a.connection.OpenUniStream()
	} else {
		var stream quic.Stream
		stream, err = a.connection.OpenStream()
		if err == nil {
			a.receiving[stream.StreamID()] = stream
			sending = stream
		}
	}
	if err != nil {
		if a.connection.Context().Err() != nil {
			return lost
		}
		return answer{"blocked": true}
	}
	a.sending[sending.StreamID()] = sending
	return answer{"id": sending.StreamID()}
}

func (a *agent) write(id quic.StreamID, data string) answer {
	stream, known := a.sending[id]
	if !known {
		return closed("no such stream")
	}
	bytes, err := hex.DecodeString(data)
	if err != nil {
		return closed(err.Error())
	}
	if len(bytes) > small {
		// This waits until all but the rest has left.
		go stream.Write(bytes)
		return done
	}
	// So little is taken whole, and kept until there is room and credit for it: the write does not wait.
	if _, err := stream.Write(bytes); err != nil {
		return a.refused(err)
	}
	return done
}

func (a *agent) finish(id quic.StreamID, isLost bool) answer {
	stream, known := a.sending[id]
	if !known {
		return closed("no such stream")
	}
	// Close does not say what has become of the stream; a write of nothing does.
	_, ended := stream.Write(nil)
	if err := stream.Close(); err != nil {
		return a.refused(ended)
	}
	if isLost {
		return lost
	}
	return done
}

func (a *agent) reset(id quic.StreamID, code uint64, isLost bool) answer {
	stream, known := a.sending[id]
	if !known {
		return closed("no such stream")
	}
	_, ended := stream.Write(nil)
	stream.CancelWrite(quic.StreamErrorCode(code))
	var stopped *quic.StreamError
	if errors.As(ended, &stopped) {
		return a.refused(ended)
	}
	if isLost {
		return lost
	}
	return done
}

func (a *agent) read(id quic.StreamID) answer {
	stream, known := a.receiving[id]
	if !known {
		return closed("no such stream")
	}
	if _, err := stream.Read(nil); err == nil && !has(stream) {
		return answer{"nothing": true}
	}
	buffer := make([]byte, largest)
	length, err := stream.Read(buffer)
	var reset *quic.StreamError
	switch {
	case length > 0 || err == io.EOF:
		return answer{"data": hex.EncodeToString(buffer[:length]), "fin": err == io.EOF}
	case errors.As(err, &reset):
		return answer{"reset": reset.ErrorCode}
	}
	return a.refused(err)
}

// refused is why a call is: the peer has stopped the stream, or the connection is lost, or the part has ended.
func (a *agent) refused(err error) answer {
	var stopped *quic.StreamError
	switch {
	case errors.As(err, &stopped):
		return answer{"stopped": stopped.ErrorCode}
	case a.connection.Context().Err() != nil:
		return lost
	case err == nil:
		return closed("refused")
	}
	return closed(err.Error())
}
