#include "CKernels.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

// Tasks are handed out by one counter: which thread runs a task never matters, because a task owns all that it writes.
//
// A stage of a plan is often over in some microseconds, and a thread that sleeps takes as long to wake. So whoever waits
// looks again and again for a moment (SPINS) before it sleeps.
struct amalgam_pool {
    int threads, spins;
    pthread_t *workers;
    pthread_mutex_t mutex;
    pthread_cond_t wake, done;
    atomic_bool stop;
    atomic_int sleeping;  // workers
    atomic_bool waits;    // the caller, asleep
    // Written before the ticket; whoever holds a task may read them.
    void (*body)(void *, int, int);
    void *context;
    // tasks << 32 | next: one number, so that a thread that comes late takes a task of the run that is on, or none.
    alignas(64) atomic_ullong ticket;
    alignas(64) atomic_int finished;
};

typedef struct {
    amalgam_pool *pool;
    int thread;
} worker_argument;

#define SPINS 4000  // some 50 microseconds

static inline void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static bool has_tasks(amalgam_pool *pool) {
    unsigned long long ticket = atomic_load(&pool->ticket);
    return (unsigned)ticket < (unsigned)(ticket >> 32);
}

// Takes a task and runs it. False: there is none.
static bool run_one(amalgam_pool *pool, int thread) {
    if (!has_tasks(pool)) return false;
    const unsigned long long ticket = atomic_fetch_add(&pool->ticket, 1);
    const unsigned task = (unsigned)ticket, tasks = (unsigned)(ticket >> 32);
    if (task >= tasks) return false;
    pool->body(pool->context, (int)task, thread);
    if (atomic_fetch_add(&pool->finished, 1) + 1 == (int)tasks && atomic_load(&pool->waits)) {
        pthread_mutex_lock(&pool->mutex);
        pthread_cond_signal(&pool->done);
        pthread_mutex_unlock(&pool->mutex);
    }
    return true;
}

static void *work(void *raw) {
    worker_argument argument = *(worker_argument *)raw;
    free(raw);
    amalgam_pool *pool = argument.pool;
    int spins = 0;
    while (!atomic_load_explicit(&pool->stop, memory_order_relaxed)) {
        if (run_one(pool, argument.thread)) {
            spins = 0;
        } else if (++spins < pool->spins) {
            relax();
        } else {
            pthread_mutex_lock(&pool->mutex);
            atomic_fetch_add(&pool->sleeping, 1);
            if (!has_tasks(pool) && !atomic_load(&pool->stop)) pthread_cond_wait(&pool->wake, &pool->mutex);
            atomic_fetch_sub(&pool->sleeping, 1);
            pthread_mutex_unlock(&pool->mutex);
            spins = 0;  // where there is one stage, the next is near
        }
    }
    return NULL;
}

amalgam_pool *amalgam_pool_create(int threads) {
    amalgam_pool *pool = aligned_alloc(64, (sizeof *pool + 63) / 64 * 64);
    if (!pool) return NULL;
    *pool = (amalgam_pool){.threads = 1};
    pool->workers = calloc((size_t)(threads > 1 ? threads - 1 : 1), sizeof(pthread_t));
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->done, NULL);
    // With fewer processors than threads, whoever spins holds up those that have work
    pool->spins = sysconf(_SC_NPROCESSORS_ONLN) < threads ? 0 : SPINS;
    for (int i = 1; i < threads && pool->workers; i++) {
        worker_argument *argument = malloc(sizeof *argument);
        if (!argument) break;
        *argument = (worker_argument){pool, i};
        if (pthread_create(&pool->workers[i - 1], NULL, work, argument) != 0) {
            free(argument);
            break;  // fewer threads are slower, not wrong
        }
        pool->threads++;
    }
    return pool;
}

void amalgam_pool_destroy(amalgam_pool *pool) {
    if (!pool) return;
    pthread_mutex_lock(&pool->mutex);
    atomic_store(&pool->stop, true);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
    for (int i = 0; i + 1 < pool->threads; i++) pthread_join(pool->workers[i], NULL);
    pthread_mutex_destroy(&pool->mutex);
    pthread_cond_destroy(&pool->wake);
    pthread_cond_destroy(&pool->done);
    free(pool->workers);
    free(pool);
}

void amalgam_pool_run(amalgam_pool *pool, int tasks, void (*body)(void *, int, int), void *context) {
    if (tasks <= 0) return;
    if (pool->threads == 1 || tasks == 1) {
        for (int task = 0; task < tasks; task++) body(context, task, 0);
        return;
    }
    pool->body = body;
    pool->context = context;
    atomic_store(&pool->finished, 0);
    atomic_store(&pool->ticket, (unsigned long long)tasks << 32);
    if (atomic_load(&pool->sleeping) > 0) {
        pthread_mutex_lock(&pool->mutex);
        pthread_cond_broadcast(&pool->wake);
        pthread_mutex_unlock(&pool->mutex);
    }
    while (run_one(pool, 0)) {
    }
    for (int spins = 0; atomic_load(&pool->finished) < tasks; relax())
        if (++spins >= pool->spins) {
            pthread_mutex_lock(&pool->mutex);
            atomic_store(&pool->waits, true);
            while (atomic_load(&pool->finished) < tasks) pthread_cond_wait(&pool->done, &pool->mutex);
            atomic_store(&pool->waits, false);
            pthread_mutex_unlock(&pool->mutex);
        }
}
