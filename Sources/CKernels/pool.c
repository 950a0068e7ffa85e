#include "CKernels.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

// Tasks are handed out by one counter: which thread runs a task never matters, because a task owns all that it writes.
struct amalgam_pool {
    int threads;
    pthread_t *workers;
    pthread_mutex_t mutex;
    pthread_cond_t wake, done;
    unsigned long generation;
    int tasks, running;
    bool stop;
    atomic_int next;
    void (*body)(void *, int, int);
    void *context;
};

typedef struct {
    amalgam_pool *pool;
    int thread;
} worker_argument;

static void drain(amalgam_pool *pool, int thread) {
    for (;;) {
        int task = atomic_fetch_add(&pool->next, 1);
        if (task >= pool->tasks) return;
        pool->body(pool->context, task, thread);
    }
}

static void *work(void *raw) {
    worker_argument argument = *(worker_argument *)raw;
    free(raw);
    amalgam_pool *pool = argument.pool;
    unsigned long seen = 0;
    for (;;) {
        pthread_mutex_lock(&pool->mutex);
        while (pool->generation == seen && !pool->stop) pthread_cond_wait(&pool->wake, &pool->mutex);
        if (pool->stop) {
            pthread_mutex_unlock(&pool->mutex);
            return NULL;
        }
        seen = pool->generation;
        pthread_mutex_unlock(&pool->mutex);
        drain(pool, argument.thread);
        pthread_mutex_lock(&pool->mutex);
        if (--pool->running == 0) pthread_cond_signal(&pool->done);
        pthread_mutex_unlock(&pool->mutex);
    }
}

amalgam_pool *amalgam_pool_create(int threads) {
    amalgam_pool *pool = calloc(1, sizeof *pool);
    if (!pool) return NULL;
    pool->workers = calloc((size_t)(threads > 1 ? threads - 1 : 1), sizeof(pthread_t));
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->done, NULL);
    pool->threads = 1;
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
    pool->stop = true;
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
    pool->body = body;
    pool->context = context;
    if (pool->threads == 1 || tasks == 1) {
        for (int task = 0; task < tasks; task++) body(context, task, 0);
        return;
    }
    pthread_mutex_lock(&pool->mutex);
    atomic_store(&pool->next, 0);
    pool->tasks = tasks;
    pool->running = pool->threads - 1;
    pool->generation++;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
    drain(pool, 0);
    pthread_mutex_lock(&pool->mutex);
    while (pool->running > 0) pthread_cond_wait(&pool->done, &pool->mutex);
    pthread_mutex_unlock(&pool->mutex);
}
