/* SPDX-License-Identifier: Apache-2.0 */
/* A text in both languages, and where a number comes from, as screens read them. */
#include "base/json.h"
#include "site/site.h"

void kt_text_json(struct kt_jw *w, const char *key, const struct kt_text *t)
{
    kt_jw_key(w, key);
    kt_jw_obj(w);
    kt_jw_kstr(w, "zh", t->zh ? t->zh : "");
    kt_jw_kstr(w, "en", t->en ? t->en : "");
    kt_jw_obj_end(w);
}

void kt_source_json(struct kt_jw *w, const char *key, const struct kt_source *s)
{
    kt_jw_key(w, key);
    kt_jw_obj(w);
    kt_jw_kstr(w, "standard", s->standard);
    kt_jw_kstr(w, "edition", s->edition);
    kt_jw_kstr(w, "clause", s->clause);
    kt_jw_kbool(w, "verified", s->verified);
    kt_jw_obj_end(w);
}
