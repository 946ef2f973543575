package main

import (
	"net"
	"syscall"
	"time"
	"unsafe"
)

const (
	// The size of the largest datagram, in bytes.
	largest = 65536
	// How many datagrams are handed over before the stack has to take some.
	backlog = 64
)

var loopback = [4]byte{127, 0, 0, 1}

// A pipe is a UDP socket on loopback in front of the stack. The stack writes to it directly, and reads what `receive`
// has taken from it: there is no netpoller under a fake clock.
type pipe struct {
	fd       int
	incoming chan []byte
	closed   chan struct{}
	// Set at the end, when nobody is to hear of the connection any more.
	silent        bool
	local, remote *net.UDPAddr
}

func newPipe(port int) (*pipe, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	own, err := connect(fd, port)
	if err != nil {
		syscall.Close(fd)
		return nil, err
	}
	address := func(port int) *net.UDPAddr { return &net.UDPAddr{IP: net.IP(loopback[:]), Port: port} }
	return &pipe{
		fd:       fd,
		incoming: make(chan []byte, backlog),
		closed:   make(chan struct{}),
		local:    address(own),
		remote:   address(port),
	}, nil
}

// connect binds a socket and connects it with a port; it gives the socket's own.
func connect(fd, port int) (int, error) {
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: loopback}); err != nil {
		return 0, err
	}
	if err := syscall.Connect(fd, &syscall.SockaddrInet4{Addr: loopback, Port: port}); err != nil {
		return 0, err
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		return 0, err
	}
	own, is := name.(*syscall.SockaddrInet4)
	if !is {
		return 0, syscall.EAFNOSUPPORT
	}
	return own.Port, nil
}

// receive takes everything that lies in the socket.
func (p *pipe) receive() {
	buffer := make([]byte, largest)
	for {
		length := rawRead(p.fd, buffer)
		if length < 0 {
			return
		}
		p.incoming <- append([]byte(nil), buffer[:length]...)
	}
}

// ReadFrom is the stack's way to read.
func (p *pipe) ReadFrom(buffer []byte) (int, net.Addr, error) {
	select {
	case data := <-p.incoming:
		return copy(buffer, data), p.remote, nil
	case <-p.closed:
		return 0, nil, net.ErrClosed
	}
}

// WriteTo is the stack's way to write. A datagram that cannot be sent is a lost one.
func (p *pipe) WriteTo(data []byte, _ net.Addr) (int, error) {
	if !p.silent {
		rawWrite(p.fd, data)
	}
	return len(data), nil
}

// Close ends the reading, which makes the stack forget the socket.
func (p *pipe) Close() error {
	close(p.closed)
	return nil
}

// end gives the socket back, once nobody reads or writes any more.
func (p *pipe) end() {
	syscall.Close(p.fd)
}

func (p *pipe) LocalAddr() net.Addr              { return p.local }
func (p *pipe) SetDeadline(time.Time) error      { return nil }
func (p *pipe) SetReadDeadline(time.Time) error  { return nil }
func (p *pipe) SetWriteDeadline(time.Time) error { return nil }

// rawRead reads without giving the processor away: while it waits, nothing else runs. Negative if there is nothing.
func rawRead(fd int, buffer []byte) int {
	for {
		n, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(fd), address(buffer), uintptr(len(buffer)))
		switch errno {
		case 0:
			return int(n)
		// What an earlier datagram has met.
		case syscall.EINTR, syscall.ECONNREFUSED:
		default:
			return -1
		}
	}
}

// rawWrite writes all, in the same way.
func rawWrite(fd int, data []byte) {
	for len(data) > 0 {
		n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(fd), address(data), uintptr(len(data)))
		switch errno {
		case 0:
			data = data[n:]
		case syscall.EINTR:
		default:
			return
		}
	}
}

func address(buffer []byte) uintptr {
	return uintptr(unsafe.Pointer(&buffer[0]))
}
