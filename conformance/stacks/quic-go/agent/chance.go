package main

import (
	crypto "crypto/rand"
	"math/rand"
)

// chance is what the stack takes for random: the same for every connection. Without it, it would leave out other packet
// numbers each time.
type chance struct {
	source *rand.Rand
}

// beginAgain begins with the same numbers.
func beginAgain() {
	rand.Seed(1)
	crypto.Reader = chance{rand.New(rand.NewSource(1))}
}

// Read fills the buffer. A single byte is what crypto/ecdsa asks for or does not, at random, so that nobody relies on
// its numbers: it takes nothing.
func (c chance) Read(buffer []byte) (int, error) {
	if len(buffer) == 1 {
		buffer[0] = 0
		return 1, nil
	}
	return c.source.Read(buffer)
}
