/*
 * RFC 9000's stream rules once more, in Promela: a second opinion on the Rust model.
 *
 * Written from the RFC, section by section, and not from the Rust. What the two share on purpose is the
 * *world* they describe, so that their states can be counted against each other: who opens streams, which
 * calls an application has, what the network does, when a stack sends. The list is at "The world" below.
 * What they must not share is how a rule was read; so every rule here names the section it was read in.
 *
 * The client opens unidirectional streams and sends; the server receives. One process, one loop, one
 * command a step: each is a d_step, so that what SPIN stores are the states between steps and nothing
 * else. To check:
 *
 *     spin -a -o1 -o2 -D... streams.pml && cc -DSAFETY -DNOREDUCE -o pan pan.c && ./pan -E -n -m1000000
 *
 * with the -D of a twin preset, which specs/second-opinion.sh takes from the preset itself. An assertion that
 * fails is a rule broken. Most are the receiver's checks of its peer: one that keeps the rules is never
 * refused. They fail under the MUTANT_ switches only.
 *
 * Left out: bidirectional streams, a hostile peer, closing, dropped handles, resized windows, 0-RTT.
 */

/* ---- parameters: the preset ------------------------------------------------------------------------ */

#ifndef STREAMS         /* how many streams there can be, 1 to 3 */
#define STREAMS 1
#endif
#ifndef OPENED          /* how many are open when the world begins */
#define OPENED STREAMS
#endif
#ifndef LENGTH          /* units of data an application writes on a stream at most, 0 to 3 */
#define LENGTH 2
#endif
#ifndef MAX_DATA        /* initial limits; a wide one is never approached */
#define MAX_DATA WIDE
#endif
#ifndef MAX_STREAM_DATA
#define MAX_STREAM_DATA WIDE
#endif
#ifndef MAX_STREAMS
#define MAX_STREAMS WIDE
#endif
#ifndef IN_FLIGHT       /* with fewer packets than this in the network an endpoint starts to send */
#define IN_FLIGHT 1
#endif
#ifndef SLOTS           /* room for packets in the network; an assertion fails if there are more */
#define SLOTS 8
#endif
#ifndef FREELY          /* 1: any permitted frame at any time; 0: all that is owed, at once */
#define FREELY 0
#endif
#ifndef LOSES           /* the network loses packets */
#define LOSES 0
#endif
#ifndef RESETS          /* the sending application resets streams */
#define RESETS 0
#endif
#ifndef ABORTS          /* the receiving application aborts reading */
#define ABORTS 0
#endif
#define WIDE 200

/*
 * ---- The world, as both models have it --------------------------------------------------------------
 *
 * Not in the RFC, or left free by it:
 *  - A packet carries one frame, or the acknowledgement of one. The network is a set: packets arrive in
 *    any order, and two equal ones are one. Where nothing is lost, only STREAM and RESET_STREAM are
 *    acknowledged: nobody waits for the other acknowledgements.
 *  - A write of one unit is taken if both limits have room for it behind what was written before, and
 *    refused otherwise: data that was taken can always be sent (C-12). Whoever is refused by both limits
 *    is blocked by the connection's.
 *  - With FREELY 0 an endpoint sends all it owes, in as few frames as possible, when a packet arrives, and
 *    by itself while fewer than IN_FLIGHT packets are under way. A part that is to be reset sends its
 *    RESET_STREAM at once and its data no more (C-5). When nothing that an endpoint sent is under way any
 *    more, neither frame nor acknowledgement, and it still waits for something, its loss detection
 *    declares all of it lost.
 *  - With FREELY 1 nothing is declared lost: an endpoint sends again whatever it may.
 *  - A larger limit is advertised as soon as it is larger by an eighth of the window, or one if that is
 *    nothing (4.2); for streams by an eighth and one. A stream counts as gone once its application has
 *    been told of its end, or has stopped it and the final size is known (4.6).
 *  - STOP_SENDING is answered in Data Sent, too, and at once (C-2). A reset that was asked for is sent even
 *    if the last acknowledgement comes first (C-10).
 *  - Reading hands over all that is contiguous; the end is told by a read of its own. Aborting tells of a
 *    reset that is there. Reading is always possible and may change nothing; so may a write and an opening
 *    that are refused. Every other call is made only where it changes something.
 *  - After a reset, data is kept only for an application that still reads (C-3).
 * Every optional edge of 3.2 is tried both ways (C-1, C-3, C-6).
 */

/* ---- 3.1, 3.2: the states of the figures ------------------------------------------------------------ */

/* Figure 2. MAY_SEND is 3.3: STREAM and STREAM_DATA_BLOCKED until RESET_STREAM was sent. */
#define READY 0
#define SEND 1
#define DATA_SENT 2
#define DATA_ACKED 3            /* the sender's "Data Recvd" */
#define RESET_SENT 4
#define RESET_ACKED 5           /* the sender's "Reset Recvd" */
#define MAY_SEND(s) (c_part[s] <= DATA_SENT)
#define RESET_IS_OUT(s) (c_part[s] >= RESET_SENT)

/* Figure 3. */
#define RECV 0
#define SIZE_KNOWN 1
#define DATA_RECVD 2
#define DATA_READ 3
#define RESET_RECVD 4
#define RESET_READ 5

/* 13.3: where a piece of information stands that has to reach the peer. */
#define NOTHING 0               /* there is nothing to tell */
#define DUE 1
#define FLYING 2
#define LOST 3
#define TOLD 4                  /* acknowledged */
#define OWED(what) ((what) == DUE || (what) == LOST)
#define OUT(what) what = ((what) == TOLD -> TOLD : FLYING)
#define GONE(what) what = ((what) == FLYING -> LOST : (what))

/* Who wants a reset; also the code in RESET_STREAM, as each has its own. */
#define NOBODY 0
#define OUR_APP 1
#define STOP 2                  /* the peer's STOP_SENDING (3.5) */

#define UNKNOWN 255             /* a final size that is not known */

/* Units off..end-1 of a stream, as a set of bits. */
#define UNITS(off, end) ((1 << (end)) - (1 << (off)))
#define MAX(a, b) ((a) > (b) -> (a) : (b))

/* ---- the client: sending parts ---------------------------------------------------------------------- */

byte c_opened = OPENED;         /* streams we have opened */
byte c_max_streams = MAX_STREAMS;
byte c_streams_blocked;         /* STREAMS_BLOCKED for c_max_streams */
byte c_max_data = MAX_DATA;
byte c_data_blocked;            /* DATA_BLOCKED for c_max_data */

byte c_part[STREAMS];
byte c_limit[STREAMS] = MAX_STREAM_DATA;
byte c_blocked[STREAMS];        /* STREAM_DATA_BLOCKED for c_limit */
byte c_written[STREAMS];        /* units the application wrote */
byte c_sent[STREAMS];           /* one past the largest unit sent; everything below it was sent, too */
byte c_acked[STREAMS];          /* set of units */
byte c_lost[STREAMS];           /* set of units */
byte c_fin[STREAMS];            /* the end; NOTHING until the application ends the stream */
byte c_resetter[STREAMS];       /* who wants the stream reset */
byte c_reset[STREAMS];          /* the RESET_STREAM */
byte c_size[STREAMS];           /* the final size in it, once it was sent */

/* ---- the server: receiving parts -------------------------------------------------------------------- */

byte s_opened;                  /* one more than the largest stream the peer has opened */
byte s_max_streams = MAX_STREAMS; /* the limit we have advertised, and the frame that did */
byte s_max_streams_sent = TOLD;
byte s_max_data = MAX_DATA;
byte s_max_data_sent = TOLD;

byte r_created[STREAMS];
byte r_part[STREAMS];
byte r_limit[STREAMS] = MAX_STREAM_DATA;
byte r_limit_sent[STREAMS] = TOLD;
byte r_received[STREAMS];       /* set of units */
byte r_named[STREAMS];          /* largest offset that a STREAM frame reached while the size was unknown */
byte r_size[STREAMS] = UNKNOWN;
byte r_read[STREAMS];           /* units handed to the application */
byte r_reset[STREAMS];          /* the code in the RESET_STREAM */
byte r_stop[STREAMS];           /* the STOP_SENDING */
byte r_stop_late[STREAMS];      /* it was asked for when there was nothing left to stop; a note, no rule */
byte r_told[STREAMS];           /* the application knows how the stream ended */
byte r_returned[STREAMS];       /* credit of the connection that was given back */

/* ---- the network ------------------------------------------------------------------------------------ */

short net[SLOTS];               /* packets, largest first, 0 where there is none */

/* Frames; those of the client first. Numbers of streams and limits are single digits here. */
#define F_STREAM 1
#define F_RESET_STREAM 2
#define F_STREAM_DATA_BLOCKED 3
#define F_DATA_BLOCKED 4
#define F_STREAMS_BLOCKED 5
#define F_STOP_SENDING 6
#define F_MAX_STREAM_DATA 7
#define F_MAX_DATA 8
#define F_MAX_STREAMS 9
#define FRAME(kind, s, a, b, fin) (((((kind) * 4 + (s)) * 8 + (a)) * 8 + (b)) * 2 + (fin))
#define AN_ACK 8192
#define IS_ACK(p) ((p) >= AN_ACK)
#define KIND(p) (((p) % AN_ACK) / 512)
#define STREAM_OF(p) (((p) / 128) % 4)
#define A(p) (((p) / 16) % 8)
#define B(p) (((p) / 2) % 8)
#define FIN(p) ((p) % 2)

#define STREAM_FRAME(s, off, end, fin) FRAME(F_STREAM, s, off, end, fin)
#define RESET_FRAME(s) FRAME(F_RESET_STREAM, s, c_resetter[s], \
                             (RESET_IS_OUT(s) -> c_size[s] : FINAL_SIZE(s)), 0)
#define STOP_FRAME(s) FRAME(F_STOP_SENDING, s, 0, 0, 0)

#define OF_CLIENT(p) ((p) != 0 && KIND(p) <= F_STREAMS_BLOCKED)         /* a frame, or its ACK */
#define OF_SERVER(p) (KIND(p) > F_STREAMS_BLOCKED)
#define TO_SERVER(p) (OF_CLIENT(p) != IS_ACK(p))
#define IS_ACKED(p) (LOSES || KIND(p) <= F_RESET_STREAM)

#if FREELY && LENGTH > 2
#error "the frames below that are sent freely are those of two units"
#endif

/* Something of every stream, and of every slot. */
#if STREAMS == 1
#define ANY(what) (what(0))
#define SUM(what) (what(0))
#define EACH(command) command(0)
#elif STREAMS == 2
#define ANY(what) (what(0) || what(1))
#define SUM(what) (what(0) + what(1))
#define EACH(command) command(0) command(1)
#else
#define ANY(what) (what(0) || what(1) || what(2))
#define SUM(what) (what(0) + what(1) + what(2))
#define EACH(command) command(0) command(1) command(2)
#endif
#if SLOTS == 2
#define IS_UNDER_WAY(packet) (net[0] == (packet) || net[1] == (packet))
#define IN_NET(is) (is(net[0]) || is(net[1]))
#define EACH_SLOT(command) command(0) command(1)
#elif SLOTS == 4
#define IS_UNDER_WAY(packet) (net[0] == (packet) || net[1] == (packet) || \
                              net[2] == (packet) || net[3] == (packet))
#define IN_NET(is) (is(net[0]) || is(net[1]) || is(net[2]) || is(net[3]))
#define EACH_SLOT(command) command(0) command(1) command(2) command(3)
#elif SLOTS == 8
#define IS_UNDER_WAY(packet) (net[0] == (packet) || net[1] == (packet) || \
                              net[2] == (packet) || net[3] == (packet) || \
                              net[4] == (packet) || net[5] == (packet) || \
                              net[6] == (packet) || net[7] == (packet))
#define IN_NET(is) (is(net[0]) || is(net[1]) || is(net[2]) || is(net[3]) || \
                    is(net[4]) || is(net[5]) || is(net[6]) || is(net[7]))
#define EACH_SLOT(command) command(0) command(1) command(2) command(3) \
                           command(4) command(5) command(6) command(7)
#else
#error "SLOTS is 2, 4 or 8"
#endif
#define ROOM (net[IN_FLIGHT - 1] == 0)

/* Not part of the state: scratch of one step. */
hidden short p, x;
hidden byte i, j, s, t, off, top;

#define put(packet) x = packet; put_x()
inline put_x() {
    i = 0;
    do
    :: i < SLOTS && net[i] > x -> i++
    :: else -> break
    od;
    assert(i < SLOTS);
    if
    :: net[i] == x -> skip
    :: else ->
        assert(net[SLOTS - 1] == 0);
        j = SLOTS - 1;
        do
        :: j > i -> net[j] = net[j - 1]; j--
        :: else -> break
        od;
        net[i] = x
    fi
}

inline take(slot) {
    p = net[slot];
    i = slot;
    do
    :: i < SLOTS - 1 -> net[i] = net[i + 1]; i++
    :: else -> break
    od;
    net[SLOTS - 1] = 0
}

/* ==== the sender ===================================================================================== */

/* 4.5: the final size of a reset is one past the largest unit sent. */
#ifdef MUTANT_FINAL_SIZE_0
#define FINAL_SIZE(s) 0
#else
#define FINAL_SIZE(s) c_sent[s]
#endif

/* 4.1: what a stream has taken of the connection's credit. What was written will be sent, unless the
 * stream is to be reset: then no more than what was sent counts (4.5). */
#define CLAIM(s) (c_resetter[s] == NOBODY -> c_written[s] : (RESET_IS_OUT(s) -> c_size[s] : c_sent[s]))

#ifdef MUTANT_BEYOND_CONNECTION
#define CONNECTION_HAS_ROOM 1
#else
#define CONNECTION_HAS_ROOM (SUM(CLAIM) < c_max_data)
#endif

/* 2.4: the application's calls. */
#define IS_OURS(s) ((s) < c_opened)
#define IS_OPEN_ENDED(s) (IS_OURS(s) && c_fin[s] == NOTHING && c_resetter[s] == NOBODY)
#define WRITE(s) \
    :: d_step { IS_OPEN_ENDED(s) && c_written[s] < LENGTH -> \
        if \
        :: CONNECTION_HAS_ROOM && c_written[s] < c_limit[s] -> c_written[s]++ \
        :: else -> \
            if /* 4.1, 13.3: told once for each limit, unless it is lost */ \
            :: !(CONNECTION_HAS_ROOM) -> \
                c_data_blocked = (c_data_blocked == NOTHING -> DUE : c_data_blocked) \
            :: else -> c_blocked[s] = (c_blocked[s] == NOTHING -> DUE : c_blocked[s]) \
            fi \
        fi }
#define END(s) \
    :: d_step { IS_OPEN_ENDED(s) -> c_fin[s] = DUE }
/* 3.1: abandoned from Ready, Send or Data Sent. */
#define RESET(s) \
    :: d_step { RESETS && IS_OURS(s) && MAY_SEND(s) && c_resetter[s] == NOBODY -> \
        c_resetter[s] = OUR_APP; c_reset[s] = DUE }
/* 4.6: not more streams than the peer lets us open; STREAMS_BLOCKED tells that we would. */
#define OPEN \
    :: d_step { c_opened < STREAMS -> \
        if \
        :: c_opened < c_max_streams -> c_opened++ \
        :: else -> c_streams_blocked = (c_streams_blocked == NOTHING -> DUE : c_streams_blocked) \
        fi }

/* 3.1: STREAM goes out. */
inline send_stream(k, from, to, with_fin) {
    c_sent[k] = MAX(c_sent[k], to);
    c_lost[k] = c_lost[k] & ~UNITS(from, to);
    c_part[k] = (c_part[k] == READY -> SEND : c_part[k]);
    if
    :: with_fin ->
        OUT(c_fin[k]);
        c_part[k] = (c_part[k] == SEND -> DATA_SENT : c_part[k])
    :: else -> skip
    fi;
    put(STREAM_FRAME(k, from, to, with_fin))
}

/* 3.1, 13.3: RESET_STREAM goes out, the same each time; lost data needs no repair after it. */
inline send_reset(k) {
    put(RESET_FRAME(k));
    c_size[k] = (RESET_IS_OUT(k) -> c_size[k] : FINAL_SIZE(k));
    c_part[k] = RESET_SENT;
    c_lost[k] = 0;
    OUT(c_reset[k])
}

/* 13.3: what the sender owes. Data before its repair; a part that is to be reset owes nothing else. */
#define OWES_RESET(s) (!DONE(s) && OWED(c_reset[s]))
#define OWES_DATA(s) (!DONE(s) && c_resetter[s] == NOBODY && \
                      (c_lost[s] != 0 || c_sent[s] < c_written[s] || OWED(c_fin[s])))
#define DONE(s) (c_part[s] == DATA_ACKED || c_part[s] == RESET_ACKED)
/* 3.1: STREAM_DATA_BLOCKED in Ready and Send; 13.3: only while blocked, so not once nothing is to follow. */
#define OWES_BLOCKED(s) (OWED(c_blocked[s]) && c_part[s] <= SEND && IS_OPEN_ENDED(s))
/* 13.3, 19.12: DATA_BLOCKED only while something waits for that limit. */
#define WANTS_CREDIT (ANY(IS_OPEN_ENDED) && !(CONNECTION_HAS_ROOM))
#define OWES_DATA_BLOCKED (OWED(c_data_blocked) && WANTS_CREDIT)
#define OWES_STREAMS_BLOCKED OWED(c_streams_blocked)
#define CLIENT_OWES (ANY(OWES_RESET) || ANY(OWES_DATA) || ANY(OWES_BLOCKED) || \
                     OWES_DATA_BLOCKED || OWES_STREAMS_BLOCKED)

inline client_sends_all() {
    s = 0;
    do
    :: s < STREAMS ->
        if
        :: OWES_RESET(s) -> send_reset(s)
        :: else -> skip
        fi;
        do /* 13.3: repairs first, each gap one frame */
        :: OWES_DATA(s) && c_lost[s] != 0 ->
            off = 0;
            do
            :: (c_lost[s] >> off) & 1 -> break
            :: else -> off++
            od;
            top = off;
            do
            :: (c_lost[s] >> top) & 1 -> top++
            :: else -> break
            od;
            t = (c_fin[s] != NOTHING && top == c_written[s]);
            send_stream(s, off, top, t)
        :: OWES_DATA(s) && c_lost[s] == 0 -> /* 3.1: new data, or the end alone */
            off = c_sent[s];
            top = c_written[s];
            t = (c_fin[s] != NOTHING);
            send_stream(s, off, top, t)
        :: else -> break
        od;
        if
        :: OWES_BLOCKED(s) ->
            c_part[s] = SEND; /* Figure 2 */
            OUT(c_blocked[s]);
            put(FRAME(F_STREAM_DATA_BLOCKED, s, c_limit[s], 0, 0))
        :: else -> skip
        fi;
        s++
    :: else -> break
    od;
    if
    :: OWES_DATA_BLOCKED -> OUT(c_data_blocked); put(FRAME(F_DATA_BLOCKED, 0, c_max_data, 0, 0))
    :: else -> skip
    fi;
    if
    :: OWES_STREAMS_BLOCKED ->
        OUT(c_streams_blocked);
        put(FRAME(F_STREAMS_BLOCKED, 0, c_max_streams, 0, 0))
    :: else -> skip
    fi
}

/* 13.3: what is in flight and still wanted. */
#define WAITS(s) (!DONE(s) && (c_resetter[s] != NOBODY \
                  -> c_reset[s] == FLYING \
                  : (UNITS(0, c_sent[s]) & ~c_acked[s]) != 0 || c_fin[s] == FLYING || \
                    (c_blocked[s] == FLYING && c_fin[s] == NOTHING)))
#define CLIENT_WAITS (ANY(WAITS) || c_data_blocked == FLYING || c_streams_blocked == FLYING)

inline client_detects_loss() {
    s = 0;
    do
    :: s < STREAMS ->
        GONE(c_blocked[s]);
        if
        :: RESET_IS_OUT(s) -> GONE(c_reset[s])
        :: else ->
            c_lost[s] = UNITS(0, c_sent[s]) & ~c_acked[s];
            GONE(c_fin[s])
        fi;
        s++
    :: else -> break
    od;
    GONE(c_data_blocked);
    GONE(c_streams_blocked)
}

/* A packet reaches the client. */
inline client_receives() {
    s = STREAM_OF(p);
    if
    :: IS_ACK(p) && KIND(p) == F_STREAM ->
        c_acked[s] = c_acked[s] | UNITS(A(p), B(p));
        c_lost[s] = c_lost[s] & ~UNITS(A(p), B(p));
        c_fin[s] = (FIN(p) -> TOLD : c_fin[s]);
        if /* 3.1: Recv All ACKs */
        :: c_part[s] == DATA_SENT && c_resetter[s] == NOBODY && c_fin[s] == TOLD &&
           c_acked[s] == UNITS(0, c_written[s]) -> c_part[s] = DATA_ACKED
        :: else -> skip
        fi
    :: IS_ACK(p) && KIND(p) == F_RESET_STREAM ->
        c_reset[s] = TOLD;
        c_part[s] = RESET_ACKED
    :: IS_ACK(p) && KIND(p) == F_STREAM_DATA_BLOCKED ->
        c_blocked[s] = (A(p) == c_limit[s] && c_blocked[s] != NOTHING -> TOLD : c_blocked[s])
    :: IS_ACK(p) && KIND(p) == F_DATA_BLOCKED ->
        c_data_blocked = (A(p) == c_max_data && c_data_blocked != NOTHING -> TOLD : c_data_blocked)
    :: IS_ACK(p) && KIND(p) == F_STREAMS_BLOCKED ->
        c_streams_blocked = (A(p) == c_max_streams && c_streams_blocked != NOTHING
                             -> TOLD : c_streams_blocked)
    :: KIND(p) == F_STOP_SENDING ->
        if /* 3.5: answered with RESET_STREAM, unless there is one, or all is acknowledged */
        :: MAY_SEND(s) && c_resetter[s] == NOBODY -> c_resetter[s] = STOP; c_reset[s] = DUE
        :: else -> skip
        fi
    :: KIND(p) == F_MAX_STREAM_DATA ->
        if /* 4.1: only a larger limit counts; 3.1: and none once the end is out */
        :: c_part[s] <= SEND && A(p) > c_limit[s] -> c_limit[s] = A(p); c_blocked[s] = NOTHING
        :: else -> skip
        fi
    :: KIND(p) == F_MAX_DATA ->
        if
        :: A(p) > c_max_data -> c_max_data = A(p); c_data_blocked = NOTHING
        :: else -> skip
        fi
    :: KIND(p) == F_MAX_STREAMS -> /* 4.6, the same */
        if
        :: A(p) > c_max_streams -> c_max_streams = A(p); c_streams_blocked = NOTHING
        :: else -> skip
        fi
    fi
}

/* ==== the receiver =================================================================================== */

/* 4.1, 4.5: what the peer has used of the connection's credit. */
#define USED(s) (r_size[s] == UNKNOWN -> r_named[s] : r_size[s])
#define RETURNED(s) r_returned[s]
/* 4.6: streams over and done with. */
#define IS_OVER(s) (r_created[s] && (r_told[s] || (r_stop[s] != NOTHING && r_size[s] != UNKNOWN)))

/* 4.2: credit goes back as data is read; all of it once nothing more will be read. */
inline give_back(k) {
    t = (r_stop[k] != NOTHING || r_reset[k] != NOBODY -> USED(k) : r_read[k]);
    r_returned[k] = MAX(r_returned[k], t)
}

/* A stream is there from its first frame on, and with it all of its type with lower numbers (2.1, 3.2). */
inline create() {
    assert(s < s_max_streams); /* 4.6: STREAM_LIMIT_ERROR */
#ifdef MUTANT_LOWER_UNCREATED
    r_created[s] = 1;
    s_opened = MAX(s_opened, s + 1)
#else
    do
    :: s_opened <= s -> r_created[s_opened] = 1; s_opened++
    :: else -> break
    od
#endif
}

/* 4.1: FLOW_CONTROL_ERROR on either limit. */
inline within_credit(upto) {
    assert((upto) <= r_limit[s]);
    t = MAX(USED(s), upto);
    assert(SUM(USED) - USED(s) + t <= s_max_data)
}

/* 4.5: FINAL_SIZE_ERROR if it changes, or is below what has arrived. */
inline within_final_size(stated) {
    assert((r_size[s] == UNKNOWN -> (stated) >= r_named[s] : (stated) == r_size[s]))
}

/* 3.2: a frame in Reset Recvd may be kept, with which the stream may be complete again, unless the
 * application wants no more; one that neither brings nor completes anything is the same either way. */
#define IS_COMPLETE_WITH(s, p) ((r_received[s] | UNITS(A(p), B(p))) == UNITS(0, r_size[s]))
#define BRINGS(s, p) ((UNITS(A(p), B(p)) & ~r_received[s]) != 0)
#define IS_KEPT_OR_NOT(p) (KIND(p) == F_STREAM && !IS_ACK(p) && r_part[STREAM_OF(p)] == RESET_RECVD && \
                           r_stop[STREAM_OF(p)] == NOTHING && \
                           (IS_COMPLETE_WITH(STREAM_OF(p), p) || BRINGS(STREAM_OF(p), p)))
/* 3.2: a reset in Data Recvd may be suppressed. */
#define IS_HEEDED_OR_NOT(p) (KIND(p) == F_RESET_STREAM && !IS_ACK(p) && r_part[STREAM_OF(p)] == DATA_RECVD)

inline receive_stream(optional) {
    within_credit(B(p));
    if
    :: FIN(p) -> within_final_size(B(p))
    :: else -> skip
    fi;
    assert(r_size[s] == UNKNOWN || B(p) <= r_size[s]); /* 4.5 */
    if
    :: r_part[s] == RECV || r_part[s] == SIZE_KNOWN ->
        r_received[s] = r_received[s] | UNITS(A(p), B(p));
        r_named[s] = (r_part[s] == RECV -> MAX(r_named[s], B(p)) : r_named[s]);
        if
        :: FIN(p) -> r_part[s] = SIZE_KNOWN; r_size[s] = B(p)
        :: else -> skip
        fi;
        if
        :: r_part[s] == SIZE_KNOWN && r_received[s] == UNITS(0, r_size[s]) -> r_part[s] = DATA_RECVD
        :: else -> skip
        fi;
        give_back(s)
    :: r_part[s] == RESET_RECVD && r_stop[s] == NOTHING && optional ->
        if
        :: IS_COMPLETE_WITH(s, p) -> r_part[s] = DATA_RECVD; r_reset[s] = NOBODY
        :: else -> skip
        fi;
        r_received[s] = r_received[s] | UNITS(A(p), B(p))
    :: else -> skip /* 3.2: discarded */
    fi
}

inline receive_reset(optional) {
    within_credit(B(p));
    within_final_size(B(p));
    if
    :: r_part[s] == RECV || r_part[s] == SIZE_KNOWN || (r_part[s] == DATA_RECVD && optional) ->
        r_part[s] = RESET_RECVD;
        r_size[s] = B(p);
        r_reset[s] = A(p);
        give_back(s)
    :: else -> skip
    fi
}

/* A packet reaches the server. */
inline server_receives(optional) {
    s = STREAM_OF(p);
    if
    :: IS_ACK(p) && KIND(p) == F_STOP_SENDING -> r_stop[s] = TOLD
    :: IS_ACK(p) && KIND(p) == F_MAX_STREAM_DATA -> /* 13.3: the most recent limit counts */
        r_limit_sent[s] = (A(p) == r_limit[s] -> TOLD : r_limit_sent[s])
    :: IS_ACK(p) && KIND(p) == F_MAX_DATA ->
        s_max_data_sent = (A(p) == s_max_data -> TOLD : s_max_data_sent)
    :: IS_ACK(p) && KIND(p) == F_MAX_STREAMS ->
        s_max_streams_sent = (A(p) == s_max_streams -> TOLD : s_max_streams_sent)
    :: KIND(p) == F_STREAM -> create(); receive_stream(optional)
    :: KIND(p) == F_RESET_STREAM -> create(); receive_reset(optional)
    :: KIND(p) == F_STREAM_DATA_BLOCKED -> create()
    :: KIND(p) == F_DATA_BLOCKED || KIND(p) == F_STREAMS_BLOCKED -> skip /* 4.1, 4.6: news */
    fi
}

/* 2.4: reading. */
#define IS_ASKED(s) (!r_told[s] && r_stop[s] == NOTHING)
#define IS_READABLE(s) ((r_received[s] >> r_read[s]) & 1)
#define READ(s) \
    :: d_step { r_created[s] && !(IS_ASKED(s) && r_part[s] == RESET_RECVD && !IS_READABLE(s)) -> \
        if \
        :: IS_ASKED(s) && IS_READABLE(s) -> \
            do \
            :: IS_READABLE(s) -> r_read[s]++ \
            :: else -> break \
            od; \
            give_back(s); \
            r_part[s] = (r_part[s] == DATA_RECVD && r_read[s] == r_size[s] -> DATA_READ : r_part[s]) \
        :: IS_ASKED(s) && !IS_READABLE(s) && (r_part[s] == DATA_RECVD || r_part[s] == DATA_READ) -> \
            r_told[s] = 1; \
            r_part[s] = DATA_READ \
        :: else -> skip \
        fi }
/* 3.2: whether data is left or not, the application may be told of the reset. */
#define READ_RESET(s) \
    :: d_step { r_created[s] && IS_ASKED(s) && r_part[s] == RESET_RECVD -> \
        r_told[s] = 1; \
        r_part[s] = RESET_READ }
#define ABORT(s) \
    :: d_step { ABORTS && r_created[s] && IS_ASKED(s) && r_part[s] != DATA_READ -> \
        if \
        :: r_part[s] == RESET_RECVD -> r_told[s] = 1; r_part[s] = RESET_READ \
        :: else -> \
            r_stop[s] = DUE; \
            r_stop_late[s] = r_part[s] > SIZE_KNOWN; \
            give_back(s) \
        fi }

/* 3.5, 13.3: STOP_SENDING until all data or a reset has come. */
#define OWES_STOP(s) (OWED(r_stop[s]) && r_part[s] <= SIZE_KNOWN)
/* 4.1, 4.2, 13.3: limits are raised, and sent again when the latest was lost; 3.2: those of a stream only
 * in Recv, and only if more is wanted. */
#define STEP(window) ((window) / 8 > 0 -> (window) / 8 : 1)
#define NEW_LIMIT(s) (MAX_STREAM_DATA + r_read[s])
#define NEW_MAX_DATA (MAX_DATA + SUM(RETURNED))
#define NEW_MAX_STREAMS (MAX_STREAMS + SUM(IS_OVER))
#define OWES_LIMIT(s) (r_created[s] && r_part[s] == RECV && r_stop[s] == NOTHING && \
                       (NEW_LIMIT(s) >= r_limit[s] + STEP(MAX_STREAM_DATA) || OWED(r_limit_sent[s])))
#define OWES_MAX_DATA (NEW_MAX_DATA >= s_max_data + STEP(MAX_DATA) || OWED(s_max_data_sent))
#define OWES_MAX_STREAMS (NEW_MAX_STREAMS >= s_max_streams + MAX_STREAMS / 8 + 1 || \
                          OWED(s_max_streams_sent))
#define SERVER_OWES (ANY(OWES_STOP) || ANY(OWES_LIMIT) || OWES_MAX_DATA || OWES_MAX_STREAMS)

inline server_sends_all() {
    s = 0;
    do
    :: s < STREAMS ->
        if
        :: OWES_STOP(s) -> OUT(r_stop[s]); put(STOP_FRAME(s))
        :: else -> skip
        fi;
        if
        :: OWES_LIMIT(s) ->
            r_limit[s] = NEW_LIMIT(s);
            r_limit_sent[s] = FLYING;
            put(FRAME(F_MAX_STREAM_DATA, s, r_limit[s], 0, 0))
        :: else -> skip
        fi;
        s++
    :: else -> break
    od;
    if
    :: OWES_MAX_DATA ->
        s_max_data = NEW_MAX_DATA;
        s_max_data_sent = FLYING;
        put(FRAME(F_MAX_DATA, 0, s_max_data, 0, 0))
    :: else -> skip
    fi;
    if
    :: OWES_MAX_STREAMS ->
        s_max_streams = NEW_MAX_STREAMS;
        s_max_streams_sent = FLYING;
        put(FRAME(F_MAX_STREAMS, 0, s_max_streams, 0, 0))
    :: else -> skip
    fi
}

#define AWAITS(s) ((r_stop[s] == FLYING && r_part[s] <= SIZE_KNOWN) || \
                   (r_limit_sent[s] == FLYING && r_part[s] == RECV && r_stop[s] == NOTHING))
#define SERVER_WAITS (ANY(AWAITS) || s_max_data_sent == FLYING || s_max_streams_sent == FLYING)

#ifdef MUTANT_LOST_LIMIT
#define GONE_LIMIT(what) skip
#else
#define GONE_LIMIT(what) GONE(what)
#endif

inline server_detects_loss() {
    s = 0;
    do
    :: s < STREAMS ->
        GONE(r_stop[s]);
        GONE_LIMIT(r_limit_sent[s]);
        s++
    :: else -> break
    od;
    GONE_LIMIT(s_max_data_sent);
    GONE_LIMIT(s_max_streams_sent)
}

/* ==== the network and the endpoints' own time ======================================================== */

inline deliver(optional) {
    if
    :: TO_SERVER(p) -> server_receives(optional)
    :: else -> client_receives()
    fi;
    if
    :: !IS_ACK(p) && IS_ACKED(p) -> put(p + AN_ACK)
    :: else -> skip
    fi;
    if
    :: FREELY -> skip
    :: !FREELY && TO_SERVER(p) -> server_sends_all()
    :: else -> client_sends_all()
    fi
}

#define DELIVER(slot) \
    :: d_step { net[slot] != 0 -> take(slot); deliver(1) } \
    :: d_step { net[slot] != 0 && (IS_KEPT_OR_NOT(net[slot]) || IS_HEEDED_OR_NOT(net[slot])) -> \
        take(slot); deliver(0) }
#define LOSE(slot) \
    :: d_step { LOSES && net[slot] != 0 -> take(slot) }

/* 3.3: with FREELY, any frame in any state that permits it, unless the same is under way. */
#define SEND_STREAM(s, off, end, fin) \
    :: d_step { FREELY && ROOM && IS_OURS(s) && MAY_STREAM(s) && \
                (off) <= c_sent[s] && (end) <= c_written[s] && \
                (!(fin) || (c_fin[s] != NOTHING && (end) == c_written[s])) && \
                !IS_UNDER_WAY(STREAM_FRAME(s, off, end, fin)) -> \
        send_stream(s, off, end, fin) }
#ifdef MUTANT_STREAM_AFTER_RESET
#define MAY_STREAM(s) (c_part[s] != DATA_ACKED)
#else
#define MAY_STREAM(s) MAY_SEND(s)
#endif
#define SEND_FREELY(s) \
    SEND_STREAM(s, 0, 1, 0) SEND_STREAM(s, 0, 2, 0) SEND_STREAM(s, 1, 2, 0) \
    SEND_STREAM(s, 0, 0, 1) SEND_STREAM(s, 1, 1, 1) SEND_STREAM(s, 2, 2, 1) \
    SEND_STREAM(s, 0, 1, 1) SEND_STREAM(s, 0, 2, 1) SEND_STREAM(s, 1, 2, 1) \
    :: d_step { FREELY && ROOM && IS_OURS(s) && c_resetter[s] != NOBODY && !DONE(s) && \
                !IS_UNDER_WAY(RESET_FRAME(s)) -> send_reset(s) } \
    :: d_step { FREELY && ROOM && r_stop[s] != NOTHING && r_part[s] < RESET_RECVD && \
                !IS_UNDER_WAY(STOP_FRAME(s)) -> OUT(r_stop[s]); put(STOP_FRAME(s)) }

/* ==== the steps ====================================================================================== */

/* 2.1, 3.2: below a stream that is there, all are. */
#define IS_MISSING(s) ((s) < s_opened && !r_created[s])

active proctype world() {
    do
    :: d_step { ANY(IS_MISSING) -> assert(0) }
    EACH(WRITE)
    EACH(END)
    EACH(RESET)
    EACH(READ)
    EACH(READ_RESET)
    EACH(ABORT)
    OPEN
    :: d_step { !FREELY && CLIENT_OWES && ROOM -> client_sends_all() }
    :: d_step { !FREELY && SERVER_OWES && ROOM -> server_sends_all() }
    EACH_SLOT(DELIVER)
    EACH_SLOT(LOSE)
#if FREELY
    EACH(SEND_FREELY)
#endif
    :: d_step { LOSES && !FREELY && !CLIENT_OWES && CLIENT_WAITS && !IN_NET(OF_CLIENT) ->
        client_detects_loss(); client_sends_all() }
    :: d_step { LOSES && !FREELY && !SERVER_OWES && SERVER_WAITS && !IN_NET(OF_SERVER) ->
        server_detects_loss();
        assert(SERVER_OWES); /* 13.3: what was lost and is still wanted is sent again */
        server_sends_all() }
    od
}
