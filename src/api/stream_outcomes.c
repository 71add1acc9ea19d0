/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outcomes are kept formatted in a ring; a client that reconnects with Last-Event-ID goes on where
 * it was: from the ring, or from the journal when that is further back.
 */
#include "api/stream.h"

/* Journal thread, without the lock. */
void stream_on_outcome(void *arg, kt_seq seq, kt_time time, struct kt_str json)
{
    struct hub *h = arg;
    (void)time;
    if (outcome_of_account(json) || kt_str_is(outcome_field(json, "type"), "verdict")) {
        return; /* the list of events has it for a few; it answers its caller only */
    }
    struct kt_buf b;
    kt_buf_init(&b, 1 << 20);
    outcome_format(&b, seq, json);
    struct kt_room_topic topic;
    kt_room_topic_of(json, &topic);
    pthread_mutex_lock(&h->lock);
    struct entry *e = &h->ring[h->ring_next % RING];
    free(e->text);
    *e = (struct entry){.seq = seq, .place = outcome_place(h->site, json), .text = b.p, .n = b.n};
    e->topic = topic;
    e->person = outcome_of_person(json);
    h->ring_next++;
    pthread_mutex_unlock(&h->lock);
}

bool stream_sees(const struct hub *h, const struct client *c, kt_place_id place)
{
    return place.v == KT_NONE || kt_person_at(&c->person, h->site, place);
}

/* Is this outcome one that this client is told? */
static bool hears(const struct hub *h, const struct client *c, kt_place_id place, bool person,
                  const struct kt_room_topic *topic)
{
    if (person && !kt_person_may(&c->person, "person.see")) {
        return false;
    }
    return topic->kind == KT_TOPIC_NONE ? stream_sees(h, c, place)
                                        : person_hears(h->api, &c->person, topic);
}

void stream_send_outcomes(struct hub *h, struct client *c)
{
    if (c->next_entry + RING < h->ring_next) {
        kt_http_stream_end(c->stream); /* too far behind: it reconnects and catches up */
        c->gone = true;
        return;
    }
    for (; c->next_entry < h->ring_next; c->next_entry++) {
        const struct entry *e = &h->ring[c->next_entry % RING];
        if (!hears(h, c, e->place, e->person, &e->topic)) {
            continue;
        }
        if (kt_http_stream_send(c->stream, (struct kt_str){e->text, e->n}) < 0) {
            return; /* next time */
        }
        c->last_sent = kt_clock_mono();
    }
}

/* Outcomes after `from` that the ring no longer has, out of the journal. */
static void catch_up(struct hub *h, struct client *c, kt_seq from, kt_seq before)
{
    struct kt_room_topic topic;
    struct kt_err err;
    struct kt_event ev;
    struct kt_journal_reader *r;
    if (from + 1 >= before ||
        kt_journal_read(kt_runtime_journal(h->api->opts.runtime), NULL, from + 1, &r, &err) < 0) {
        return;
    }
    struct kt_buf b;
    kt_buf_init(&b, 1 << 20);
    for (int n = 0; n < CATCH_UP_MAX &&
                    kt_journal_next_of(r, 1u << KT_EV_OUTCOME, &ev, &err) == 1 && ev.seq < before;
         n++) {
        kt_room_topic_of(ev.body, &topic);
        if (outcome_of_account(ev.body) || kt_str_is(outcome_field(ev.body, "type"), "verdict") ||
            !hears(h, c, outcome_place(h->site, ev.body), outcome_of_person(ev.body), &topic)) {
            continue;
        }
        kt_buf_clear(&b);
        outcome_format(&b, ev.seq, ev.body);
        if (kt_http_stream_send(c->stream, (struct kt_str){b.p, b.n}) < 0) {
            break;
        }
    }
    kt_buf_done(&b);
    kt_journal_reader_free(r);
}

void stream_place_client(struct hub *h, struct client *c, kt_seq last_id)
{
    uint64_t oldest = h->ring_next > RING ? h->ring_next - RING : 0;
    c->next_entry = h->ring_next;
    if (!last_id) {
        return;
    }
    while (c->next_entry > oldest && h->ring[(c->next_entry - 1) % RING].seq > last_id) {
        c->next_entry--;
    }
    if (c->next_entry == oldest) {
        kt_seq first = h->ring_next ? h->ring[oldest % RING].seq : UINT64_MAX;
        catch_up(h, c, last_id, first);
    }
}
