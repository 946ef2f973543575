"""aioquic under test: one connection at a time, driven line by line.

What comes on stdin and goes to stdout is described in specs/agent.md; the datagrams go over a UDP socket on loopback.
Nothing happens between two commands, and no time passes: aioquic is given the same clock again and again.
"""

import json
import logging
import socket
import sys

import aioquic
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic import events

NOW = 0.0
PROTOCOLS = ["streamproof"]

# Connections that end with an error are our business, and there are thousands.
logging.disable(logging.CRITICAL)


class Agent:
    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.connection = None

    def version(self, _):
        return {"version": aioquic.__version__}

    def start(self, command):
        parameters = command["parameters"]
        self.peer = ("127.0.0.1", command["peer"])
        self.received, self.told, self.accepted = {}, {}, []
        self.established = self.lost = False
        self.stopped_by_peer, self.known = {}, set()
        is_client = command["side"] == "client"
        configuration = QuicConfiguration(
            is_client=is_client,
            alpn_protocols=PROTOCOLS,
            max_data=parameters["max_data"],
            max_stream_data=parameters["max_stream_data"],
            max_datagram_size=1200,
        )
        if is_client:
            configuration.verify_mode = 0
            configuration.server_name = "localhost"
            self.connection = QuicConnection(configuration=configuration)
        else:
            configuration.load_cert_chain(command["certificate"], command["key"])
            self.connection = None
            self.configuration = configuration
        self.parameters = parameters
        if is_client:
            self.limit_streams()
            self.connection.connect(self.peer, NOW)
        return {"port": self.socket.getsockname()[1]}

    def limit_streams(self):
        # There is no public way to say how many streams the peer may open, nor to send without pacing.
        connection = self.connection
        for limit, value in (
            (connection._local_max_streams_bidi, self.parameters["max_streams_bidi"]),
            (connection._local_max_streams_uni, self.parameters["max_streams_uni"]),
        ):
            limit.value = limit.sent = value
        connection._loss._pacer.next_send_time = lambda now: None

    def receive(self, data):
        if self.connection is None:
            # As aioquic's own server does with a client's first datagram.
            length = data[5]
            self.connection = QuicConnection(
                configuration=self.configuration,
                original_destination_connection_id=data[6 : 6 + length],
            )
            self.limit_streams()
        self.connection.receive_datagram(data, self.peer, NOW)

    def settle(self, _):
        while True:
            try:
                data = self.socket.recv(65536)
            except BlockingIOError:
                break
            self.receive(data)
            self.take_events()
        if self.connection is None:
            return {"established": False, "accepted": [], "resets": []}
        # The clock stands still: an acknowledgement that is put off would never come.
        for space in self.connection._loss.spaces:
            if space.ack_at is not None:
                space.ack_at = NOW
        sent = self.connection.datagrams_to_send(NOW)
        for data, _ in sent:
            self.socket.sendto(data, self.peer)
        self.take_events()
        # Not every frame that opens a stream makes an event.
        for stream_id in list(self.connection._streams):
            self.learn(stream_id)
        accepted, self.accepted = self.accepted, []
        resets = [{"id": id, "code": code} for id, code in self.told.items()]
        return {"established": self.established, "accepted": accepted, "resets": resets}

    def learn(self, stream_id):
        ours = (stream_id & 1) == (0 if self.connection._is_client else 1)
        if not ours and stream_id not in self.known:
            self.known.add(stream_id)
            self.accepted.append(stream_id)

    def take_events(self):
        while True:
            event = self.connection.next_event() if self.connection else None
            if event is None:
                break
            if isinstance(event, events.HandshakeCompleted):
                self.established = True
            elif isinstance(event, events.StreamDataReceived):
                self.learn(event.stream_id)
                data, _ = self.received.get(event.stream_id, (b"", False))
                self.received[event.stream_id] = (data + event.data, event.end_stream)
            elif isinstance(event, events.StreamReset):
                self.learn(event.stream_id)
                self.told[event.stream_id] = event.error_code
            elif isinstance(event, events.StopSendingReceived):
                self.learn(event.stream_id)
                self.stopped_by_peer[event.stream_id] = event.error_code
            elif isinstance(event, events.ConnectionTerminated):
                self.lost = True

    def open(self, command):
        if self.lost:
            return {"lost": True}
        is_uni = command["direction"] == "unidirectional"
        stream_id = self.connection.get_next_available_stream_id(is_uni)
        connection = self.connection
        limit = connection._remote_max_streams_uni if is_uni else connection._remote_max_streams_bidi
        if stream_id // 4 >= limit:
            return {"blocked": True}
        connection.send_stream_data(stream_id, b"", False)
        return {"id": stream_id}

    def sending(self, stream_id, call):
        if self.lost:
            return {"lost": True}
        answer = {"done": True}
        try:
            call()
        except Exception as error:
            answer = {"closed": f"{type(error).__name__}: {error}"}
        # What the application was told; aioquic is asked all the same.
        if stream_id in self.stopped_by_peer:
            return {"stopped": self.stopped_by_peer[stream_id]}
        return answer

    def write(self, command):
        data = bytes.fromhex(command["data"])
        return self.sending(command["id"], lambda: self.connection.send_stream_data(command["id"], data, False))

    def finish(self, command):
        return self.sending(command["id"], lambda: self.connection.send_stream_data(command["id"], b"", True))

    def reset(self, command):
        return self.sending(command["id"], lambda: self.connection.reset_stream(command["id"], command["code"]))

    def stop(self, command):
        if self.lost:
            return {"lost": True}
        try:
            self.connection.stop_stream(command["id"], command["code"])
        except Exception as error:
            return {"closed": f"{type(error).__name__}: {error}"}
        return {"done": True}

    def read(self, command):
        stream_id = command["id"]
        data, end = self.received.get(stream_id, (b"", False))
        if stream_id in self.told:
            return {"reset": self.told[stream_id]}
        if data or end:
            self.received[stream_id] = (b"", end)
            return {"data": data.hex(), "fin": end}
        if self.lost:
            return {"lost": True}
        return {"nothing": True}

    def close(self, command):
        self.connection.close(error_code=command["code"], reason_phrase="")
        self.lost = True
        return {"done": True}


def main():
    agent = Agent()
    for line in sys.stdin:
        command = json.loads(line)
        answer = getattr(agent, command.pop("do"))(command)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
