// One connection of ngtcp2 and what an application on it keeps: its streams, what it has written and must keep, what it
// was handed and has not read.
//
// There is no IO loop and no time: whoever owns the connection says when to read the socket and when to send.

#ifndef STREAMPROOF_NGTCP2_CONNECTION_H
#define STREAMPROOF_NGTCP2_CONNECTION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>

// Written bytes. ngtcp2 points into them until they are acknowledged.
struct chunk {
  struct chunk *next;
  size_t length;
  uint8_t data[];
};

struct stream {
  struct stream *next;
  int64_t id;
  // Whether ngtcp2 has told that it is open, and that it is closed.
  bool open, closed;

  // What was written and is not acknowledged: offsets `acked` to `written`, of which everything below `sent` has left.
  struct chunk *first;
  uint64_t acked, sent, written;
  bool ended, end_sent, reset;
  bool stopped_by_peer;
  uint64_t stop_code;
  // Nothing more of it fits at present.
  bool waits;

  // What was handed over and is not read.
  uint8_t *unread;
  size_t unread_length;
  bool complete, stopped;
  // The peer has cut it short, and whether the application is to be told.
  bool cut, reset_by_peer;
  uint64_t reset_code;
  // The application has come to the end of it, however that was.
  bool through;

  // Whether the answer to `settle` has named it, if it is the peer's.
  bool told;
  // Whether the peer may open another one in its place.
  bool replaced;
};

// What is advertised.
struct limits {
  uint64_t max_data, max_stream_data, max_streams_bidi, max_streams_uni;
};

struct connection {
  int socket;
  bool is_client, established;
  // Closed, by whomever.
  bool lost;
  struct sockaddr_in local, remote;
  struct limits limits;
  gnutls_certificate_credentials_t credentials;
  gnutls_session_t tls;
  ngtcp2_crypto_conn_ref reference;
  ngtcp2_conn *quic;
  struct stream *streams;
  // The peer's streams that are over, and in whose place it has not been told that it may open others.
  size_t over_uni, over_bidi;
  // CONNECTION_CLOSE, which answers whatever comes after it.
  uint8_t farewell[NGTCP2_MAX_UDP_PAYLOAD_SIZE];
  size_t farewell_length;
};

// Begins a connection between the socket and 127.0.0.1:`peer`. A server reads its certificate and key from PEM files,
// and has no connection before the first datagram. `NULL` with a line on stderr if it cannot begin.
struct connection *connection_new(int socket, bool is_client, uint16_t peer, const struct limits *limits,
                                  const char *certificate, const char *key);
void connection_free(struct connection *connection);

// Reads the socket until it is empty.
void connection_receive(struct connection *connection);
// Sends everything that there is to send now.
void connection_send(struct connection *connection);
// Closes with an error of the application's.
void connection_close(struct connection *connection, uint64_t code);

// A stream that the application knows, or `NULL`.
struct stream *connection_stream(const struct connection *connection, int64_t id);
bool connection_opened(const struct connection *connection, const struct stream *stream);

// Opens the next stream: 0, or an error of ngtcp2's.
int connection_open(struct connection *connection, bool is_unidirectional, int64_t *id);
// How many bytes more the peer's limits let be written on a stream.
uint64_t connection_credit(const struct connection *connection, const struct stream *stream);
// Takes bytes, which leave with the next `connection_send`. They must be within the credit.
void stream_write(struct stream *stream, const uint8_t *data, size_t length);
// Resets the sending part: what has not left stays here.
int connection_reset(struct connection *connection, struct stream *stream, uint64_t code);
// Stops the receiving part.
int connection_stop(struct connection *connection, struct stream *stream, uint64_t code);
// The application has read all that is there, or is never going to: the peer may send as much again.
void connection_consume(struct connection *connection, struct stream *stream);
// The application has come to the end of a receiving part: the peer may open another stream once this one is over.
void connection_through(struct connection *connection, struct stream *stream);

// What ngtcp2 calls for a stream, and for a line of its log.
int on_stream_open(ngtcp2_conn *quic, int64_t id, void *user);
int on_stream_data(ngtcp2_conn *quic, uint32_t flags, int64_t id, uint64_t offset, const uint8_t *data, size_t length,
                   void *user, void *stream_user);
int on_acknowledged(ngtcp2_conn *quic, int64_t id, uint64_t offset, uint64_t length, void *user, void *stream_user);
int on_stream_close(ngtcp2_conn *quic, uint32_t flags, int64_t id, uint64_t code, void *user, void *stream_user);
int on_stream_reset(ngtcp2_conn *quic, int64_t id, uint64_t final_size, uint64_t code, void *user, void *stream_user);
void on_log(void *user, const char *format, ...);

// Forgets the bytes that have not left.
void forget_unsent(struct stream *stream);
// Forgets the bytes below an offset.
void free_chunks(struct stream *stream, uint64_t acknowledged);

// Memory, or the end of the process: there is nothing useful to answer without any.
void *allocate(size_t size);

#endif
