// The connection: TLS by GnuTLS, the callbacks, the socket. `connection.h` says what it is for.

#include "connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <gnutls/crypto.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>

// The clock stands still: what waits for time (a delayed acknowledgement, a paced packet) is switched off instead.
static const ngtcp2_tstamp NOW = NGTCP2_SECONDS;
enum { CONNECTION_ID_LENGTH = 8, FIRST_DESTINATION_LENGTH = 18, MOST_CHUNKS = 64, DATAGRAM = 65536 };

// Callbacks that are not for a stream.

static int on_handshake_completed(ngtcp2_conn *quic, void *user) {
  (void)quic;
  ((struct connection *)user)->established = true;
  return 0;
}

static void on_random(uint8_t *destination, size_t length, const ngtcp2_rand_ctx *context) {
  (void)context;
  gnutls_rnd(GNUTLS_RND_NONCE, destination, length);
}

static void random_id(ngtcp2_cid *id, size_t length) {
  id->datalen = length;
  gnutls_rnd(GNUTLS_RND_NONCE, id->data, length);
}

static int on_new_connection_id(ngtcp2_conn *quic, ngtcp2_cid *id, uint8_t *token, size_t length, void *user) {
  (void)quic, (void)user;
  random_id(id, length);
  return gnutls_rnd(GNUTLS_RND_NONCE, token, NGTCP2_STATELESS_RESET_TOKENLEN) == 0 ? 0 : NGTCP2_ERR_CALLBACK_FAILURE;
}

static const ngtcp2_callbacks CALLBACKS = {
    .client_initial = ngtcp2_crypto_client_initial_cb,
    .recv_client_initial = ngtcp2_crypto_recv_client_initial_cb,
    .recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb,
    .handshake_completed = on_handshake_completed,
    .encrypt = ngtcp2_crypto_encrypt_cb,
    .decrypt = ngtcp2_crypto_decrypt_cb,
    .hp_mask = ngtcp2_crypto_hp_mask_cb,
    .recv_stream_data = on_stream_data,
    .acked_stream_data_offset = on_acknowledged,
    .stream_open = on_stream_open,
    .stream_close = on_stream_close,
    .recv_retry = ngtcp2_crypto_recv_retry_cb,
    .rand = on_random,
    .get_new_connection_id = on_new_connection_id,
    .update_key = ngtcp2_crypto_update_key_cb,
    .stream_reset = on_stream_reset,
    .delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
    .delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
    .get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb,
    .version_negotiation = ngtcp2_crypto_version_negotiation_cb,
};

// TLS.

static const char PRIORITY[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:%DISABLE_TLS13_COMPAT_MODE";
static const gnutls_datum_t PROTOCOL = {(unsigned char *)"streamproof", sizeof "streamproof" - 1};

static ngtcp2_conn *quic_of(ngtcp2_crypto_conn_ref *reference) {
  return ((struct connection *)reference->user_data)->quic;
}

// What GnuTLS says, or 0. Nothing is verified: the puppet signs for itself.
static int begin_tls(struct connection *connection, const char *certificate, const char *key) {
  connection->reference = (ngtcp2_crypto_conn_ref){.get_conn = quic_of, .user_data = connection};
  int error = gnutls_certificate_allocate_credentials(&connection->credentials);
  if (error == 0 && !connection->is_client) {
    error = gnutls_certificate_set_x509_key_file(connection->credentials, certificate, key, GNUTLS_X509_FMT_PEM);
  }
  if (error == 0) {
    error = gnutls_init(&connection->tls, connection->is_client ? GNUTLS_CLIENT | GNUTLS_NO_END_OF_EARLY_DATA
                                                                : GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET);
  }
  if (error != 0) {
    return error;
  }
  gnutls_session_t tls = connection->tls;
  gnutls_session_set_ptr(tls, &connection->reference);
  int configured = connection->is_client ? ngtcp2_crypto_gnutls_configure_client_session(tls)
                                         : ngtcp2_crypto_gnutls_configure_server_session(tls);
  error = configured == 0 ? gnutls_priority_set_direct(tls, PRIORITY, NULL) : GNUTLS_E_INTERNAL_ERROR;
  if (error == 0) {
    error = gnutls_credentials_set(tls, GNUTLS_CRD_CERTIFICATE, connection->credentials);
  }
  if (error == 0) {
    error = gnutls_alpn_set_protocols(tls, &PROTOCOL, 1, GNUTLS_ALPN_MANDATORY);
  }
  if (error == 0 && connection->is_client) {
    error = gnutls_server_name_set(tls, GNUTLS_NAME_DNS, "localhost", sizeof "localhost" - 1);
  }
  return error;
}

// The connection.

static ngtcp2_path path_of(struct connection *connection) {
  return (ngtcp2_path){
      .local = {(ngtcp2_sockaddr *)&connection->local, sizeof connection->local},
      .remote = {(ngtcp2_sockaddr *)&connection->remote, sizeof connection->remote},
  };
}

// `initial` is the header of a client's first packet, for a server.
static int begin_quic(struct connection *connection, const ngtcp2_pkt_hd *initial) {
  ngtcp2_settings settings;
  ngtcp2_settings_default(&settings);
  settings.initial_ts = NOW;
  settings.log_printf = on_log;
  // Every acknowledgement leaves at once, and no packet looks for a larger path.
  settings.ack_thresh = 1;
  settings.no_pmtud = 1;
  ngtcp2_transport_params parameters;
  ngtcp2_transport_params_default(&parameters);
  parameters.initial_max_data = connection->limits.max_data;
  parameters.initial_max_stream_data_bidi_local = connection->limits.max_stream_data;
  parameters.initial_max_stream_data_bidi_remote = connection->limits.max_stream_data;
  parameters.initial_max_stream_data_uni = connection->limits.max_stream_data;
  parameters.initial_max_streams_bidi = connection->limits.max_streams_bidi;
  parameters.initial_max_streams_uni = connection->limits.max_streams_uni;
  ngtcp2_path path = path_of(connection);
  ngtcp2_cid source, destination;
  random_id(&source, CONNECTION_ID_LENGTH);
  int error;
  if (connection->is_client) {
    random_id(&destination, FIRST_DESTINATION_LENGTH);
    error = ngtcp2_conn_client_new(&connection->quic, &destination, &source, &path, NGTCP2_PROTO_VER_V1, &CALLBACKS,
                                   &settings, &parameters, NULL, connection);
  } else {
    parameters.original_dcid = initial->dcid;
    error = ngtcp2_conn_server_new(&connection->quic, &initial->scid, &source, &path, initial->version, &CALLBACKS,
                                   &settings, &parameters, NULL, connection);
  }
  if (error == 0) {
    ngtcp2_conn_set_tls_native_handle(connection->quic, connection->tls);
  }
  return error;
}

struct connection *connection_new(int socket, bool is_client, uint16_t peer, const struct limits *limits,
                                  const char *certificate, const char *key) {
  struct connection *connection = allocate(sizeof *connection);
  connection->socket = socket;
  connection->is_client = is_client;
  connection->limits = *limits;
  connection->remote = (struct sockaddr_in){
      .sin_family = AF_INET, .sin_port = htons(peer), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof connection->local;
  getsockname(socket, (struct sockaddr *)&connection->local, &length);
  int tls = begin_tls(connection, certificate, key);
  int quic = tls == 0 && is_client ? begin_quic(connection, NULL) : 0;
  if (tls != 0 || quic != 0) {
    fprintf(stderr, "no connection: %s\n", tls != 0 ? gnutls_strerror(tls) : ngtcp2_strerror(quic));
    connection_free(connection);
    return NULL;
  }
  return connection;
}

void connection_free(struct connection *connection) {
  if (connection == NULL) {
    return;
  }
  ngtcp2_conn_del(connection->quic);
  if (connection->tls != NULL) {
    gnutls_deinit(connection->tls);
  }
  if (connection->credentials != NULL) {
    gnutls_certificate_free_credentials(connection->credentials);
  }
  while (connection->streams != NULL) {
    struct stream *gone = connection->streams;
    connection->streams = gone->next;
    free_chunks(gone, UINT64_MAX);
    free(gone->unread);
    free(gone);
  }
  free(connection);
}


static void send_datagram(struct connection *connection, const uint8_t *data, size_t length) {
  // Loopback takes it, or the peer is gone.
  (void)!sendto(connection->socket, data, length, 0, (struct sockaddr *)&connection->remote,
                sizeof connection->remote);
}

static void say_farewell(struct connection *connection, const ngtcp2_connection_close_error *error) {
  connection->lost = true;
  ngtcp2_ssize length = ngtcp2_conn_write_connection_close(connection->quic, NULL, NULL, connection->farewell,
                                                           sizeof connection->farewell, error, NOW);
  if (length > 0) {
    connection->farewell_length = (size_t)length;
    send_datagram(connection, connection->farewell, connection->farewell_length);
  }
}

// Closes because of an error of ngtcp2's.
static void fail(struct connection *connection, int error) {
  ngtcp2_connection_close_error why;
  ngtcp2_connection_close_error_default(&why);
  if (error == NGTCP2_ERR_CRYPTO) {
    ngtcp2_connection_close_error_set_transport_error_tls_alert(&why, ngtcp2_conn_get_tls_alert(connection->quic),
                                                                NULL, 0);
  } else {
    ngtcp2_connection_close_error_set_transport_error_liberr(&why, error, NULL, 0);
  }
  say_farewell(connection, &why);
}

void connection_close(struct connection *connection, uint64_t code) {
  if (connection->lost) {
    return;
  }
  if (!connection->established) {
    connection->lost = true;
    return;
  }
  ngtcp2_connection_close_error why;
  ngtcp2_connection_close_error_default(&why);
  ngtcp2_connection_close_error_set_application_error(&why, code, NULL, 0);
  say_farewell(connection, &why);
}

static void take(struct connection *connection, const uint8_t *data, size_t length) {
  if (connection->quic == NULL) {
    ngtcp2_pkt_hd initial;
    if (connection->is_client || ngtcp2_accept(&initial, data, length) != 0 ||
        begin_quic(connection, &initial) != 0) {
      return;
    }
  }
  if (connection->lost) {
    if (connection->farewell_length > 0) {
      send_datagram(connection, connection->farewell, connection->farewell_length);
    }
    return;
  }
  ngtcp2_path path = path_of(connection);
  ngtcp2_pkt_info info = {0};
  int error = ngtcp2_conn_read_pkt(connection->quic, &path, &info, data, length, NOW);
  switch (error) {
  case 0:
    break;
  case NGTCP2_ERR_DRAINING:
  case NGTCP2_ERR_DROP_CONN:
    connection->lost = true;
    break;
  default:
    fail(connection, error);
  }
}

void connection_receive(struct connection *connection) {
  static uint8_t data[DATAGRAM];
  for (;;) {
    struct sockaddr_in from;
    socklen_t from_length = sizeof from;
    ssize_t length = recvfrom(connection->socket, data, sizeof data, 0, (struct sockaddr *)&from, &from_length);
    if (length < 0 && errno == EINTR) {
      continue;
    }
    if (length < 0) {
      return;
    }
    // The peer of an earlier connection is nobody.
    if (from.sin_port == connection->remote.sin_port) {
      take(connection, data, (size_t)length);
    }
  }
}

static struct stream *next_to_send(const struct connection *connection) {
  struct stream *stream = connection->streams;
  while (stream != NULL &&
         (stream->waits || (stream->sent == stream->written && (!stream->ended || stream->end_sent)))) {
    stream = stream->next;
  }
  return stream;
}

// What has not left of a stream, as far as it fits.
static size_t unsent(const struct stream *stream, ngtcp2_vec *parts, bool *all) {
  size_t count = 0;
  uint64_t begins = stream->acked;
  const struct chunk *chunk = stream->first;
  for (; chunk != NULL && count < MOST_CHUNKS; begins += chunk->length, chunk = chunk->next) {
    if (begins + chunk->length > stream->sent) {
      size_t skip = begins < stream->sent ? (size_t)(stream->sent - begins) : 0;
      parts[count++] = (ngtcp2_vec){(uint8_t *)chunk->data + skip, chunk->length - skip};
    }
  }
  *all = chunk == NULL;
  return count;
}

void connection_send(struct connection *connection) {
  if (connection->quic == NULL || connection->lost) {
    return;
  }
  for (struct stream *stream = connection->streams; stream != NULL; stream = stream->next) {
    stream->waits = false;
  }
  uint8_t packet[NGTCP2_MAX_UDP_PAYLOAD_SIZE];
  ngtcp2_pkt_info info;
  for (;;) {
    struct stream *stream = connection->established ? next_to_send(connection) : NULL;
    ngtcp2_vec parts[MOST_CHUNKS];
    bool all = false;
    size_t count = stream != NULL ? unsent(stream, parts, &all) : 0;
    bool ends = stream != NULL && all && stream->ended;
    uint32_t flags = NGTCP2_WRITE_STREAM_FLAG_NONE;
    flags |= stream != NULL ? NGTCP2_WRITE_STREAM_FLAG_MORE : 0;
    flags |= ends ? NGTCP2_WRITE_STREAM_FLAG_FIN : 0;
    ngtcp2_ssize taken = -1;
    // Without `ngtcp2_conn_update_pkt_tx_time` nothing is paced.
    ngtcp2_ssize length = ngtcp2_conn_writev_stream(connection->quic, NULL, &info, packet, sizeof packet, &taken,
                                                    flags, stream != NULL ? stream->id : -1, parts, count, NOW);
    if (stream != NULL && taken >= 0) {
      stream->sent += (uint64_t)taken;
      stream->end_sent = ends && stream->sent == stream->written;
    }
    switch (length) {
    case NGTCP2_ERR_WRITE_MORE:
      break;
    case NGTCP2_ERR_STREAM_DATA_BLOCKED:
      stream->waits = true;
      break;
    case NGTCP2_ERR_STREAM_NOT_FOUND:
    case NGTCP2_ERR_STREAM_SHUT_WR:
      // Nothing of it is ever taken.
      forget_unsent(stream);
      stream->end_sent = true;
      break;
    case 0:
      if (stream == NULL) {
        return;
      }
      stream->waits = true;
      break;
    default:
      if (length < 0) {
        fail(connection, (int)length);
        return;
      }
      send_datagram(connection, packet, (size_t)length);
    }
  }
}
