/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KT_CONF_YAML_NODE_H
#define KT_CONF_YAML_NODE_H
/* yaml_node: private to conf. What a node of a YAML tree is made of. */
#include "conf/yaml.h"

struct yaml_doc {
    const char *file;
    struct kt_problems *problems;
    struct kt_arena *arena;
};

/* A key that was asked for and is not there: a candidate for "did you mean". */
struct yaml_asked {
    struct yaml_asked *next;
    const char *key;
};

struct yaml_entry {
    struct kt_yaml *value;
    const char *key; /* NULL in a list */
    int key_line, key_col;
    bool used;
};

struct kt_yaml {
    struct yaml_doc *doc;
    enum kt_yaml_kind kind;
    bool plain; /* a scalar without quotes */
    int line, col, text_line, text_col;
    const char *text;
    struct yaml_entry *entries;
    uint32_t n, cap;
    struct yaml_asked *asked; /* newest first */
    uint32_t asked_n;
};
#endif
