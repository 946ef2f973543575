// ngtcp2 under test: one connection at a time, driven line by line.
//
// What comes on stdin and goes to stdout is described in specs/agent.md; the datagrams go over a UDP socket on
// loopback. Nothing happens between two commands, and no time passes: ngtcp2 is given the same clock again and again.

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <jansson.h>

#include "connection.h"

static int udp;
static struct connection *connection;

// JSON.

static json_t *yes(const char *what) { return json_pack("{sb}", what, 1); }

static json_t *number(const char *what, uint64_t value) { return json_pack("{sI}", what, (json_int_t)value); }

// No larger than QUIC can say, which ngtcp2 insists on.
static uint64_t number_of(const json_t *command, const char *what) {
  const json_int_t most = ((json_int_t)1 << 62) - 1, value = json_integer_value(json_object_get(command, what));
  return value < 0 ? 0 : (uint64_t)(value < most ? value : most);
}

static uint64_t streams_of(const json_t *parameters, const char *what) {
  const uint64_t most = (uint64_t)1 << 60, value = number_of(parameters, what);
  return value < most ? value : most;
}

static const char *text_of(const json_t *command, const char *what) {
  const char *text = json_string_value(json_object_get(command, what));
  return text != NULL ? text : "";
}

static struct stream *stream_of(const json_t *command) {
  return connection_stream(connection, (int64_t)number_of(command, "id"));
}

static char *hex(const uint8_t *data, size_t length) {
  char *text = allocate(2 * length + 1);
  for (size_t at = 0; at < length; at++) {
    snprintf(text + 2 * at, 3, "%02x", data[at]);
  }
  return text;
}

static uint8_t *unhex(const char *text, size_t *length) {
  *length = strlen(text) / 2;
  uint8_t *data = allocate(*length + 1);
  for (size_t at = 0; at < *length; at++) {
    char digits[] = {text[2 * at], text[2 * at + 1], 0};
    data[at] = (uint8_t)strtoul(digits, NULL, 16);
  }
  return data;
}

// Commands.

static json_t *version(const json_t *command) {
  (void)command;
  return json_pack("{ss}", "version", ngtcp2_version(0)->version_str);
}

static json_t *start(const json_t *command) {
  connection_free(connection);
  const json_t *parameters = json_object_get(command, "parameters");
  struct limits limits = {
      .max_data = number_of(parameters, "max_data"),
      .max_stream_data = number_of(parameters, "max_stream_data"),
      .max_streams_bidi = streams_of(parameters, "max_streams_bidi"),
      .max_streams_uni = streams_of(parameters, "max_streams_uni"),
  };
  bool is_client = strcmp(text_of(command, "side"), "client") == 0;
  connection = connection_new(udp, is_client, (uint16_t)number_of(command, "peer"), &limits,
                              text_of(command, "certificate"), text_of(command, "key"));
  struct sockaddr_in local;
  socklen_t length = sizeof local;
  if (connection == NULL || getsockname(udp, (struct sockaddr *)&local, &length) != 0) {
    return yes("lost");
  }
  return number("port", ntohs(local.sin_port));
}

static json_t *settle(const json_t *command) {
  (void)command;
  connection_receive(connection);
  connection_send(connection);
  json_t *accepted = json_array(), *resets = json_array();
  for (struct stream *stream = connection->streams; stream != NULL; stream = stream->next) {
    if (!stream->told && !connection_opened(connection, stream)) {
      stream->told = true;
      json_array_append_new(accepted, json_integer(stream->id));
    }
    if (stream->reset_by_peer) {
      json_array_append_new(resets, json_pack("{sIsI}", "id", (json_int_t)stream->id, "code",
                                              (json_int_t)stream->reset_code));
    }
  }
  return json_pack("{sbsoso}", "established", connection->established, "accepted", accepted, "resets",
                   resets);
}

static json_t *open_next(const json_t *command) {
  if (connection->lost || !connection->established) {
    return yes("lost");
  }
  int64_t id;
  int error = connection_open(connection, strcmp(text_of(command, "direction"), "unidirectional") == 0, &id);
  switch (error) {
  case 0:
    return number("id", (uint64_t)id);
  case NGTCP2_ERR_STREAM_ID_BLOCKED:
    return yes("blocked");
  default:
    return yes("lost");
  }
}

// Why nothing can be sent on a stream, or `NULL`: what the application was told. ngtcp2 is asked all the same.
static json_t *ended(const struct stream *stream) {
  if (connection->lost) {
    return yes("lost");
  }
  if (stream == NULL) {
    return yes("closed");
  }
  if (stream->stopped_by_peer) {
    return number("stopped", stream->stop_code);
  }
  return stream->reset || stream->closed ? yes("closed") : NULL;
}

static json_t *write_data(const json_t *command) {
  struct stream *stream = stream_of(command);
  json_t *why = ended(stream);
  if (stream == NULL || connection->lost) {
    return why;
  }
  size_t length;
  uint8_t *data = unhex(text_of(command, "data"), &length);
  uint64_t credit = connection_credit(connection, stream);
  size_t fits = length < credit ? length : (size_t)credit;
  // Behind an end that waits in the agent nothing is passed on.
  if (!stream->ended || stream->end_sent) {
    stream_write(stream, data, fits);
  }
  free(data);
  if (why != NULL || stream->ended) {
    return why != NULL ? why : yes("closed");
  }
  if (fits == length) {
    return yes("done");
  }
  return fits == 0 ? yes("blocked") : number("wrote", fits);
}

static json_t *finish(const json_t *command) {
  struct stream *stream = stream_of(command);
  json_t *why = ended(stream);
  if (stream == NULL || connection->lost) {
    return why;
  }
  stream->ended = true;
  stream->end_sent = false;
  return why != NULL ? why : yes("done");
}

static json_t *reset(const json_t *command) {
  struct stream *stream = stream_of(command);
  json_t *why = ended(stream);
  if (stream == NULL || connection->lost) {
    return why;
  }
  int error = connection_reset(connection, stream, number_of(command, "code"));
  return why != NULL ? why : yes(error == 0 ? "done" : "closed");
}

static json_t *stop(const json_t *command) {
  struct stream *stream = stream_of(command);
  if (connection->lost) {
    return yes("lost");
  }
  if (stream == NULL) {
    return yes("closed");
  }
  bool was_through = stream->through;
  int error = connection_stop(connection, stream, number_of(command, "code"));
  return yes(error == 0 && !was_through ? "done" : "closed");
}

static json_t *read_data(const json_t *command) {
  struct stream *stream = stream_of(command);
  if (stream == NULL || stream->stopped) {
    return yes(connection->lost ? "lost" : "closed");
  }
  if (stream->reset_by_peer) {
    connection_through(connection, stream);
    return number("reset", stream->reset_code);
  }
  if (stream->unread_length == 0 && !stream->complete) {
    return yes(connection->lost ? "lost" : "nothing");
  }
  char *data = hex(stream->unread, stream->unread_length);
  json_t *answer = json_pack("{sssb}", "data", data, "fin", (int)stream->complete);
  free(data);
  connection_consume(connection, stream);
  if (stream->complete) {
    connection_through(connection, stream);
  }
  return answer;
}

static json_t *close_connection(const json_t *command) {
  connection_close(connection, number_of(command, "code"));
  return yes("done");
}

static const struct {
  const char *name;
  json_t *(*run)(const json_t *command);
  bool wants_connection;
} COMMANDS[] = {
    {"version", version, false}, {"start", start, false},          {"settle", settle, true},
    {"open", open_next, true},   {"write", write_data, true},      {"finish", finish, true},
    {"reset", reset, true},      {"stop", stop, true},             {"read", read_data, true},
    {"close", close_connection, true},
};

static json_t *answer(const json_t *command) {
  for (size_t at = 0; at < sizeof COMMANDS / sizeof *COMMANDS; at++) {
    if (strcmp(COMMANDS[at].name, text_of(command, "do")) == 0) {
      return COMMANDS[at].wants_connection && connection == NULL ? yes("lost") : COMMANDS[at].run(command);
    }
  }
  return yes("unknown");
}

int main(void) {
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  udp = socket(AF_INET, SOCK_DGRAM, 0);
  if (udp < 0 || fcntl(udp, F_SETFL, O_NONBLOCK) != 0 || bind(udp, (struct sockaddr *)&any, sizeof any) != 0) {
    perror("socket");
    return 1;
  }
  char *line = NULL;
  size_t size = 0;
  while (getline(&line, &size, stdin) > 0) {
    json_t *command = json_loads(line, 0, NULL);
    json_t *said = answer(command);
    json_dumpf(said, stdout, JSON_COMPACT);
    putchar('\n');
    fflush(stdout);
    json_decref(said);
    json_decref(command);
  }
  free(line);
  connection_free(connection);
  return 0;
}
