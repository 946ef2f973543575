// The streams as the application sees them, and what ngtcp2 tells of them. `connection.h` says what this is for.

#include "connection.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *allocate(size_t size) {
  void *memory = calloc(1, size);
  if (memory == NULL) {
    fputs("out of memory\n", stderr);
    exit(1);
  }
  return memory;
}

struct stream *connection_stream(const struct connection *connection, int64_t id) {
  struct stream *stream = connection->streams;
  while (stream != NULL && stream->id != id) {
    stream = stream->next;
  }
  return stream;
}

bool connection_opened(const struct connection *connection, const struct stream *stream) {
  return (stream->id & 1) == (connection->is_client ? 0 : 1);
}

static bool is_unidirectional(const struct stream *stream) { return !ngtcp2_is_bidi_stream(stream->id); }

static struct stream *learn(struct connection *connection, int64_t id) {
  struct stream *known = connection_stream(connection, id);
  if (known != NULL) {
    return known;
  }
  struct stream *stream = allocate(sizeof *stream), **end = &connection->streams;
  stream->id = id;
  while (*end != NULL) {
    end = &(*end)->next;
  }
  *end = stream;
  return stream;
}

void free_chunks(struct stream *stream, uint64_t acknowledged) {
  while (stream->first != NULL && stream->acked + stream->first->length <= acknowledged) {
    struct chunk *gone = stream->first;
    stream->acked += gone->length;
    stream->first = gone->next;
    free(gone);
  }
}

// The peer may open a stream more once this one is over, and the application through with it: it is told when more than
// an eighth of the limit has come together. Of a stream that only the peer sends on, this version never says that it is
// closed: its end or its reset is the last that is heard of it.
static void replace(struct connection *connection, struct stream *stream) {
  bool over = stream->closed || (is_unidirectional(stream) && (stream->complete || stream->cut));
  if (!over || !stream->through || stream->replaced || connection_opened(connection, stream)) {
    return;
  }
  stream->replaced = true;
  if (is_unidirectional(stream) && ++connection->over_uni > connection->limits.max_streams_uni / 8) {
    ngtcp2_conn_extend_max_streams_uni(connection->quic, connection->over_uni);
    connection->over_uni = 0;
  }
  if (!is_unidirectional(stream) && ++connection->over_bidi > connection->limits.max_streams_bidi / 8) {
    ngtcp2_conn_extend_max_streams_bidi(connection->quic, connection->over_bidi);
    connection->over_bidi = 0;
  }
}

void connection_through(struct connection *connection, struct stream *stream) {
  stream->through = true;
  replace(connection, stream);
}

int connection_open(struct connection *connection, bool is_uni, int64_t *id) {
  int error = is_uni ? ngtcp2_conn_open_uni_stream(connection->quic, id, NULL)
                     : ngtcp2_conn_open_bidi_stream(connection->quic, id, NULL);
  if (error == 0) {
    learn(connection, *id)->open = true;
  }
  return error;
}

uint64_t connection_credit(const struct connection *connection, const struct stream *stream) {
  // What waits here has taken its credit already.
  uint64_t waits = stream->written - stream->sent, all = 0;
  for (struct stream *other = connection->streams; other != NULL; other = other->next) {
    all += other->written - other->sent;
  }
  uint64_t of_stream = ngtcp2_conn_get_max_stream_data_left(connection->quic, stream->id);
  uint64_t of_all = ngtcp2_conn_get_max_data_left(connection->quic);
  of_stream = of_stream > waits ? of_stream - waits : 0;
  of_all = of_all > all ? of_all - all : 0;
  return of_stream < of_all ? of_stream : of_all;
}

void stream_write(struct stream *stream, const uint8_t *data, size_t length) {
  if (length == 0) {
    return;
  }
  struct chunk *chunk = allocate(sizeof *chunk + length), **end = &stream->first;
  chunk->length = length;
  memcpy(chunk->data, data, length);
  while (*end != NULL) {
    end = &(*end)->next;
  }
  *end = chunk;
  stream->written += length;
}

void forget_unsent(struct stream *stream) {
  uint64_t begins = stream->acked;
  struct chunk **next = &stream->first;
  for (; *next != NULL && begins < stream->sent; begins += (*next)->length, next = &(*next)->next) {
    if ((*next)->length > stream->sent - begins) {
      (*next)->length = (size_t)(stream->sent - begins);
    }
  }
  while (*next != NULL) {
    struct chunk *gone = *next;
    *next = gone->next;
    free(gone);
  }
  stream->written = stream->sent;
}

int connection_reset(struct connection *connection, struct stream *stream, uint64_t code) {
  stream->reset = true;
  forget_unsent(stream);
  return ngtcp2_conn_shutdown_stream_write(connection->quic, stream->id, code);
}

void connection_consume(struct connection *connection, struct stream *stream) {
  ngtcp2_conn_extend_max_stream_offset(connection->quic, stream->id, stream->unread_length);
  ngtcp2_conn_extend_max_offset(connection->quic, stream->unread_length);
  free(stream->unread);
  stream->unread = NULL;
  stream->unread_length = 0;
}

int connection_stop(struct connection *connection, struct stream *stream, uint64_t code) {
  int error = ngtcp2_conn_shutdown_stream_read(connection->quic, stream->id, code);
  stream->stopped = true;
  connection_consume(connection, stream);
  connection_through(connection, stream);
  return error;
}

// Callbacks.

int on_stream_open(ngtcp2_conn *quic, int64_t id, void *user) {
  (void)quic;
  learn(user, id)->open = true;
  return 0;
}

int on_stream_data(ngtcp2_conn *quic, uint32_t flags, int64_t id, uint64_t offset, const uint8_t *data, size_t length,
                   void *user, void *stream_user) {
  (void)quic, (void)offset, (void)stream_user;
  struct stream *stream = learn(user, id);
  uint8_t *all = allocate(stream->unread_length + length + 1);
  if (stream->unread_length > 0) {
    memcpy(all, stream->unread, stream->unread_length);
  }
  if (length > 0) {
    memcpy(all + stream->unread_length, data, length);
  }
  free(stream->unread);
  stream->unread = all;
  stream->unread_length += length;
  stream->complete |= (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0;
  return 0;
}

int on_acknowledged(ngtcp2_conn *quic, int64_t id, uint64_t offset, uint64_t length, void *user, void *stream_user) {
  (void)quic, (void)stream_user;
  struct stream *stream = connection_stream(user, id);
  if (stream != NULL) {
    free_chunks(stream, offset + length);
  }
  return 0;
}

int on_stream_close(ngtcp2_conn *quic, uint32_t flags, int64_t id, uint64_t code, void *user, void *stream_user) {
  (void)quic, (void)flags, (void)code, (void)stream_user;
  struct stream *stream = learn(user, id);
  stream->closed = true;
  forget_unsent(stream);
  free_chunks(stream, UINT64_MAX);
  replace(user, stream);
  return 0;
}

int on_stream_reset(ngtcp2_conn *quic, int64_t id, uint64_t final_size, uint64_t code, void *user, void *stream_user) {
  (void)quic, (void)final_size, (void)stream_user;
  struct connection *connection = user;
  struct stream *stream = learn(connection, id);
  // If it begins with its reset, ngtcp2 tells of it by this alone, and has let the peer open another by itself.
  stream->replaced |= !stream->open;
  stream->cut = true;
  if (!stream->complete && !stream->stopped) {
    stream->reset_by_peer = true;
    stream->reset_code = code;
    connection_consume(connection, stream);
  }
  replace(connection, stream);
  return 0;
}

// This version has no callback for a STOP_SENDING that arrives (`stream_stop_sending` is for one that is sent), and
// tells its code nowhere but in its log.
void on_log(void *user, const char *format, ...) {
  if (strstr(format, "STOP_SENDING") == NULL) {
    return;
  }
  char line[512];
  va_list fields;
  va_start(fields, format);
  vsnprintf(line, sizeof line, format, fields);
  va_end(fields);
  const char *id_at = strstr(line, "id=0x"), *code_at = strrchr(line, '(');
  int64_t id;
  uint64_t code;
  if (strstr(line, " rx ") == NULL || id_at == NULL || sscanf(id_at, "id=0x%" SCNx64, (uint64_t *)&id) != 1 ||
      code_at == NULL || sscanf(code_at, "(0x%" SCNx64, &code) != 1) {
    return;
  }
  struct connection *connection = user;
  bool is_peers = (id & 1) == (connection->is_client ? 1 : 0), is_both = (id & 2) == 0;
  // The log comes before the check: a stream that the peer could not mean is not there.
  struct stream *stream = connection_stream(connection, id);
  if (stream == NULL && is_peers && is_both && connection->established) {
    stream = learn(connection, id);
  }
  if (stream != NULL && !stream->closed && !stream->reset && !stream->stopped_by_peer) {
    stream->stopped_by_peer = true;
    stream->stop_code = code;
    forget_unsent(stream);
  }
}
